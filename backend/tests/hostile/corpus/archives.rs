//! Archives that lie: names, kinds of entries, clashes, headers, ends, and what they unpack to.

use super::super::raw::{ZipEntry, crc, gzip, tar, tar_entry, tar_file, zip, zstandard};
use super::{Made, case, png};
use std::io::Write as _;

pub(super) fn cases() -> Vec<Made> {
    let mut all = names();
    all.extend(kinds());
    all.extend(clashes());
    all.extend(zip_lies());
    all.extend(tar_lies());
    all.extend(cut_off());
    all.extend(bombs());
    all
}

fn names() -> Vec<Made> {
    let (part, name, deep) = ("x".repeat(300), "y/".repeat(600), "d/".repeat(40));
    let names: Vec<(&str, Vec<u8>, &str, bool)> = vec![
        ("climbs out", b"../evil.png".to_vec(), "leads out", true),
        ("climbs out later", b"a/../../evil.png".to_vec(), "leads out", true),
        ("climbs out at the end", b"a/b/..".to_vec(), "leads out", true),
        ("is absolute", b"/tmp/evil.png".to_vec(), "absolute", true),
        ("has a drive", b"C:/evil.png".to_vec(), "absolute", true),
        ("has a drive alone", b"c:evil.png".to_vec(), "absolute", true),
        ("has a backslash", b"..\\evil.png".to_vec(), "backslash", true),
        ("has a line break", b"a\nb.png".to_vec(), "control", true),
        ("has an escape", b"a\x1b[31mb.png".to_vec(), "control", true),
        ("is not text", b"a\xff\xfe.png".to_vec(), "UTF-8", true),
        ("has a NUL", b"a\0b.png".to_vec(), "control", false),
        ("has too long a part", part.into_bytes(), "long", true),
        ("is too long", name.into_bytes(), "long", true),
        ("is too deep", [deep.as_bytes(), b"a.png"].concat(), "deep", true),
        ("is only dots", b"./.".to_vec(), "no name", true),
    ];
    let mut all: Vec<Made> = Vec::new();
    for (what, name, says, also_tar) in names {
        let (zipped, tarred) = (name.clone(), name);
        all.push(Box::new(move || {
            let bytes = zip(&[ZipEntry::new("ok/a.png", png()), ZipEntry::new(zipped, png())]);
            case(format!("zip, a name {what}"), "data.zip", bytes, says)
        }));
        if also_tar {
            all.push(Box::new(move || {
                let bytes = tar(&[tar_file(b"ok/a.png", &png()), tar_file(&tarred, &png())]);
                case(format!("tar, a name {what}"), "data.tar", bytes, says)
            }));
        }
    }
    all
}

fn kinds() -> Vec<Made> {
    let mut all: Vec<Made> = Vec::new();
    for (what, mode, says) in [
        ("a symbolic link", 0o120_777, "symbolic link"),
        ("a device", 0o020_666, "device"),
        ("a block device", 0o060_666, "device"),
        ("a pipe", 0o010_666, "device"),
        ("a socket", 0o140_666, "device"),
    ] {
        all.push(Box::new(move || {
            let link = ZipEntry { mode, ..ZipEntry::new("a/link.png", "/etc/passwd") };
            case(format!("zip, {what}"), "data.zip", zip(&[ZipEntry::new("a/a.png", png()), link]), says)
        }));
    }
    for (what, kind, says) in [
        ("a hard link", b'1', "hard link"),
        ("a symbolic link", b'2', "symbolic link"),
        ("a device", b'3', "device"),
        ("a block device", b'4', "device"),
        ("a pipe", b'6', "device"),
        ("a sparse file", b'S', ""),
        ("an unknown kind", b'V', "unknown kind"),
    ] {
        all.push(Box::new(move || {
            let bytes = tar(&[tar_file(b"a/a.png", &png()), tar_entry(b"a/link.png", kind, 0, b"")]);
            case(format!("tar, {what}"), "data.tar", bytes, says)
        }));
    }
    all
}

fn clashes() -> Vec<Made> {
    let mut all: Vec<Made> = Vec::new();
    for (what, first, second, says) in [
        ("the same name twice", "a/x.png", "a/x.png", "twice"),
        ("the same name, written otherwise", "a/x.png", "./a//x.png", "twice"),
        ("names that differ in capitals", "a/x.png", "a/X.png", "capital"),
        ("folders that differ in capitals", "a/x.png", "A/y.png", "capital"),
        ("names that differ in an umlaut's capital", "a/ä.png", "a/Ä.png", "capital"),
        ("a file that is a folder", "a/x.png", "a/x.png/y.png", "twice"),
        ("a folder that is a file", "a/x/y.png", "a/x", "twice"),
    ] {
        all.push(Box::new(move || {
            let bytes = zip(&[ZipEntry::new(first, png()), ZipEntry::new(second, png())]);
            case(format!("zip, {what}"), "data.zip", bytes, says)
        }));
        all.push(Box::new(move || {
            let bytes = tar(&[tar_file(first.as_bytes(), &png()), tar_file(second.as_bytes(), &png())]);
            case(format!("tar, {what}"), "data.tar", bytes, says)
        }));
    }
    all
}

fn zip_lies() -> Vec<Made> {
    let one = || ZipEntry::new("a/x.png", png());
    let entries: Vec<(&str, Vec<ZipEntry>, &str)> = vec![
        ("a size that is too small", vec![ZipEntry { size: Some(10), method: 8, ..one() }], ""),
        ("a size that is too large", vec![ZipEntry { size: Some(100_000), method: 8, ..one() }], ""),
        ("a wrong checksum", vec![ZipEntry { checksum: Some(1), ..one() }], "checksum"),
        ("a wrong checksum, packed", vec![ZipEntry { checksum: Some(1), method: 8, ..one() }], "checksum"),
        ("another name in front", vec![ZipEntry { local_name: Some(b"a/y.png".to_vec()), ..one() }], ""),
        (
            "a longer name in front",
            vec![ZipEntry { local_name: Some(b"a/../../y.png".to_vec()), ..one() }],
            "",
        ),
        ("a password", vec![ZipEntry { flags: 1, ..one() }], "encrypted"),
        ("an unknown method", vec![ZipEntry { method: 99, ..one() }], ""),
        ("a method of old times", vec![ZipEntry { method: 1, ..one() }], ""),
        ("packed bytes that are none", vec![ZipEntry { method: 0, ..one() }, broken_deflate()], ""),
        (
            "two entries in one place",
            vec![one(), ZipEntry { same_place_as: Some(0), ..ZipEntry::new("a/y.png", png()) }],
            "",
        ),
    ];
    let mut all: Vec<Made> = Vec::new();
    for (what, entries, says) in entries {
        all.push(Box::new(move || case(format!("zip, {what}"), "data.zip", zip(&entries), says)));
    }
    let whole = || zip(&[ZipEntry::new("a/x.png", png()), ZipEntry::new("a/y.png", png())]);
    type Change = fn(&mut Vec<u8>);
    let changes: [(&str, Change); 6] = [
        ("a table of contents beyond the end", |bytes| {
            let end = bytes.len();
            bytes[end - 6..end - 2].copy_from_slice(&0x7fff_ffff_u32.to_le_bytes());
        }),
        ("a count that is too high", |bytes| {
            let end = bytes.len();
            bytes[end - 14..end - 10].copy_from_slice(&[9, 0, 9, 0]);
        }),
        ("figures of zip64 without zip64", |bytes| {
            let end = bytes.len();
            bytes[end - 14..end - 2].copy_from_slice(&[0xff; 12]);
        }),
        ("an endless zip64 table", |bytes| {
            let end = bytes.split_off(bytes.len() - 22);
            let place = bytes.len() as u64;
            bytes.extend(b"PK\x06\x06");
            bytes.extend(44_u64.to_le_bytes());
            bytes.extend([45, 3, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
            for figure in [u64::MAX, u64::MAX, u64::MAX, 0] {
                bytes.extend(figure.to_le_bytes());
            }
            bytes.extend(b"PK\x06\x07\0\0\0\0");
            bytes.extend(place.to_le_bytes());
            bytes.extend(1_u32.to_le_bytes());
            bytes.extend(&end[..8]);
            bytes.extend([0xff; 12]);
            bytes.extend([0, 0]);
        }),
        ("a name that is longer than the file", |bytes| {
            let place = bytes.windows(4).position(|part| part == b"PK\x01\x02").unwrap();
            bytes[place + 28..place + 30].copy_from_slice(&[0xff, 0xff]);
        }),
        ("no table of contents", |bytes| {
            let place = bytes.windows(4).position(|part| part == b"PK\x01\x02").unwrap();
            bytes.truncate(place);
        }),
    ];
    for (what, change) in changes {
        all.push(Box::new(move || {
            let mut bytes = whole();
            change(&mut bytes);
            case(format!("zip, {what}"), "data.zip", bytes, "")
        }));
    }
    all.push(Box::new(|| case("zip, empty", "data.zip", zip(&[]), "no files")));
    all.push(Box::new(|| {
        let folder = ZipEntry { mode: 0o040_755, ..ZipEntry::new("a/", "") };
        case("zip, folders alone", "data.zip", zip(&[folder]), "no files")
    }));
    all
}

/// Says to be packed, and is not.
fn broken_deflate() -> ZipEntry {
    let mut entry = ZipEntry::new("a/z.png", [0xff; 64]);
    entry.checksum = Some(crc(&[0; 10]));
    entry.size = Some(10);
    entry
}

fn tar_lies() -> Vec<Made> {
    let file = || tar_file(b"a/x.png", &png());
    type Make = fn() -> Vec<u8>;
    let makes: [(&str, Make, &str); 9] = [
        (
            "a wrong checksum of a header",
            || {
                let mut bytes = tar(&[tar_file(b"a/x.png", &png())]);
                bytes[0] = b'b';
                bytes
            },
            "checksum",
        ),
        ("a size that is too large", || tar(&[tar_entry(b"a/x.png", b'0', 1 << 30, &png())]), "truncated"),
        (
            "a size of all digits",
            || {
                let mut entry = tar_entry(b"a/x.png", b'0', 0, b"");
                entry[124..136].copy_from_slice(b"777777777777");
                entry[148..156].copy_from_slice(b"        ");
                let sum: u32 = entry[..512].iter().map(|byte| u32::from(*byte)).sum();
                entry[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
                tar(&[entry])
            },
            "",
        ),
        ("no end", || tar_file(b"a/x.png", &png()), "truncated"),
        ("something after the end", || [tar(&[tar_file(b"a/x.png", &png())]), vec![1; 2048]].concat(), ""),
        (
            "nothing in it",
            || {
                // Without an entry there is no sign by which to know it.
                [tar_entry(b"a/", b'5', 0, b""), vec![0; 1024]].concat()
            },
            "no files",
        ),
        (
            "a name of ten megabytes",
            || {
                let name = vec![b'n'; 10 << 20];
                tar(&[tar_entry(b"././@LongLink", b'L', name.len() as u64, &name), tar_file(b"x", b"")])
            },
            "long",
        ),
        (
            "an extension of ten megabytes",
            || {
                let name = vec![b'n'; 10 << 20];
                tar(&[tar_entry(b"pax", b'x', name.len() as u64, &name), tar_file(b"x", b"")])
            },
            "",
        ),
        (
            "a climbing name in an extension",
            || {
                tar(&[
                    tar_entry(b"pax", b'x', 26, b"26 path=../../../evil.png\n"),
                    tar_file(b"a/x.png", &png()),
                ])
            },
            "leads out",
        ),
    ];
    let mut all: Vec<Made> = Vec::new();
    for (what, make, says) in makes {
        all.push(Box::new(move || case(format!("tar, {what}"), "data.tar", make(), says)));
    }
    all.push(Box::new(move || {
        let mut bytes = gzip(&tar(&[file()]));
        let end = bytes.len();
        bytes[end - 8] ^= 1;
        case("tar.gz, a wrong checksum", "data.tar.gz", bytes, "")
    }));
    all.push(Box::new(|| case("gz, no tar in it", "data.tar.gz", gzip(&[7; 4000]), "")));
    all.push(Box::new(|| case("gz, nothing in it", "data.tar.gz", gzip(&[]), "")));
    all.push(Box::new(|| {
        let mut bytes = zstandard(&tar(&[tar_file(b"a/x.png", &png())]));
        bytes[4] = 0xff;
        case("zst, a broken header", "data.tar.zst", bytes, "")
    }));
    all.push(Box::new(|| {
        // A frame whose window takes 16 GiB.
        case("zst, an endless window", "data.tar.zst", b"\x28\xb5\x2f\xfd\x00\xc0\x01\x00\x00".to_vec(), "")
    }));
    all
}

/// Every kind, cut off at each sixteenth.
fn cut_off() -> Vec<Made> {
    let mut all: Vec<Made> = Vec::new();
    for share in 1..16 {
        for (kind, file) in
            [("zip", "data.zip"), ("tar", "data.tar"), ("gz", "data.tar.gz"), ("zst", "data.tar.zst")]
        {
            all.push(Box::new(move || {
                let noise: Vec<u8> =
                    (0..40_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
                let files: Vec<Vec<u8>> =
                    (0..4).map(|n| tar_file(format!("a/{n}.png").as_bytes(), &noise)).collect();
                let mut bytes = match kind {
                    "zip" => zip(&[ZipEntry::new("a/x.png", &noise), ZipEntry::new("a/y.png", &noise)]),
                    "tar" => tar(&files),
                    "gz" => gzip(&tar(&files)),
                    _ => zstandard(&tar(&files)),
                };
                bytes.truncate(bytes.len() * share / 16);
                case(format!("{kind}, cut off at {share}/16"), file, bytes, "")
            }));
        }
    }
    all
}

fn bombs() -> Vec<Made> {
    const LARGE: usize = 16 << 20;
    vec![
        Box::new(|| {
            let zeros = ZipEntry { method: 8, ..ZipEntry::new("a/x.png", vec![0; LARGE]) };
            case("zip, zeros", "data.zip", zip(&[zeros]), "bomb")
        }),
        Box::new(|| {
            let bytes = gzip(&tar(&[tar_file(b"a/x.png", &vec![0; LARGE])]));
            case("tar.gz, zeros", "data.tar.gz", bytes, "bomb")
        }),
        Box::new(|| {
            let bytes = zstandard(&tar(&[tar_file(b"a/x.png", &vec![0; LARGE])]));
            case("tar.zst, zeros", "data.tar.zst", bytes, "bomb")
        }),
        Box::new(|| {
            // A header of eight gigabytes, and zeros that would fill it for long.
            let start = tar_entry(b"a/x.png", b'0', 8 << 30, b"");
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(&start).unwrap();
            for _ in 0..64 {
                encoder.write_all(&vec![0; 1 << 20]).unwrap();
            }
            case("tar.gz, eight gigabytes", "data.tar.gz", encoder.finish().unwrap(), "bomb")
        }),
        Box::new(|| {
            let entries: Vec<ZipEntry> = (0..250_000).map(|n| ZipEntry::new(format!("{n}"), "")).collect();
            case("zip, a quarter of a million empty entries", "data.zip", zip(&entries), "entries")
        }),
        Box::new(|| {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            for n in 0..250_000 {
                encoder.write_all(&tar_entry(format!("{n}").as_bytes(), b'0', 0, b"")).unwrap();
            }
            encoder.write_all(&[0; 1024]).unwrap();
            case(
                "tar.gz, a quarter of a million empty entries",
                "data.tar.gz",
                encoder.finish().unwrap(),
                "entries",
            )
        }),
        Box::new(|| {
            let inner = zip(&[ZipEntry { method: 8, ..ZipEntry::new("x.png", vec![0; 1 << 20]) }]);
            case("zip, a zip in it", "data.zip", zip(&[ZipEntry::new("inner.zip", inner)]), "")
        }),
    ]
}
