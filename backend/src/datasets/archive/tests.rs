//! Good archives of every kind, and the limits. Hostile ones are in `tests/hostile_uploads.rs`.

use super::*;
use std::io::Cursor;

const FILES: [(&str, &[u8]); 3] = [("a.txt", b"one"), ("set/b.txt", b"two"), ("set/deep/c.txt", b"")];

fn zip() -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    writer.add_directory("set/", zip::write::SimpleFileOptions::default()).unwrap();
    for (name, content) in FILES {
        writer.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn tar() -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, content) in FILES {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, name, content).unwrap();
    }
    builder.into_inner().unwrap()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstandard(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}

fn unpacked(bytes: &[u8], limits: Limits) -> Result<(u64, tempfile::TempDir), ArchiveError> {
    let folder = tempfile::tempdir().unwrap();
    let (archive, target) = (folder.path().join("archive"), folder.path().join("target"));
    std::fs::write(&archive, bytes).unwrap();
    std::fs::create_dir(&target).unwrap();
    let files = unpack(&archive, &target, limits)?;
    Ok((files, folder))
}

#[test]
fn every_kind_is_unpacked() {
    let whole = tar();
    let (half, rest) = whole.split_at(700);
    let two_frames = [zstandard(half), zstandard(rest)].concat();
    let two_members = [gzip(half), gzip(rest)].concat();
    let kinds = [zip(), tar(), gzip(&tar()), zstandard(&tar()), two_frames, two_members];
    for (index, bytes) in kinds.iter().enumerate() {
        let (files, folder) =
            unpacked(bytes, Limits::default()).unwrap_or_else(|error| panic!("{index}: {error}"));
        assert_eq!(files, 3, "{index}");
        for (name, content) in FILES {
            assert_eq!(
                std::fs::read(folder.path().join("target").join(name)).unwrap(),
                content,
                "{index}: {name}"
            );
        }
    }
}

#[test]
fn the_limits_hold_for_every_kind() {
    for bytes in [zip(), tar(), gzip(&tar()), zstandard(&tar())] {
        let limits = Limits { entries: 2, ..Limits::default() };
        let error = unpacked(&bytes, limits).unwrap_err();
        assert!(matches!(error.problem, ArchiveProblem::TooManyEntries { limit: 2 }), "{error}");
        let limits = Limits { total_bytes: 5, ..Limits::default() };
        let error = unpacked(&bytes, limits).unwrap_err();
        assert!(matches!(error.problem, ArchiveProblem::TooLarge { limit_bytes: 5 }), "{error}");
    }
}

#[test]
fn what_apple_adds_is_left_out() {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for name in ["a.txt", "__MACOSX/._a.txt"] {
        writer.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
    }
    let (files, folder) = unpacked(&writer.finish().unwrap().into_inner(), Limits::default()).unwrap();
    assert_eq!(files, 1);
    assert!(!folder.path().join("target/__MACOSX").exists());
}
