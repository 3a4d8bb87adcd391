//! Zip and tar, written by hand so that they can lie.
//!
//! Must not know what is a lie.

/// An entry of a zip, and what the table of contents says of it.
#[derive(Clone)]
pub struct ZipEntry {
    pub name: Vec<u8>,
    pub content: Vec<u8>,
    pub method: u16,
    pub flags: u16,
    /// Unix permissions with the kind of the file.
    pub mode: u32,
    pub checksum: Option<u32>,
    pub size: Option<u32>,
    /// The name in front of the content, where it differs.
    pub local_name: Option<Vec<u8>>,
    /// The entry whose content this one claims, too.
    pub same_place_as: Option<usize>,
}

impl ZipEntry {
    pub fn new(name: impl AsRef<[u8]>, content: impl AsRef<[u8]>) -> Self {
        Self {
            name: name.as_ref().to_vec(),
            content: content.as_ref().to_vec(),
            method: 0,
            flags: 0,
            mode: 0o100_644,
            checksum: None,
            size: None,
            local_name: None,
            same_place_as: None,
        }
    }
}

pub fn crc(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}

pub fn deflated(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub fn zip(entries: &[ZipEntry]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut contents = Vec::new();
    let mut places: Vec<u32> = Vec::new();
    for entry in entries {
        let packed = if entry.method == 8 { deflated(&entry.content) } else { entry.content.clone() };
        let checksum = entry.checksum.unwrap_or_else(|| crc(&entry.content));
        let size = entry.size.unwrap_or(entry.content.len() as u32);
        let mut middle = Vec::new();
        for half in [20, entry.flags, entry.method, 0, 0x5821] {
            middle.extend(half.to_le_bytes());
        }
        for whole in [checksum, packed.len() as u32, size] {
            middle.extend(whole.to_le_bytes());
        }
        let place = match entry.same_place_as {
            Some(other) => places[other],
            None => {
                let place = bytes.len() as u32;
                let name = entry.local_name.as_ref().unwrap_or(&entry.name);
                bytes.extend(b"PK\x03\x04");
                bytes.extend(&middle);
                bytes.extend((name.len() as u16).to_le_bytes());
                bytes.extend([0, 0]);
                bytes.extend(name);
                bytes.extend(&packed);
                place
            }
        };
        places.push(place);
        contents.extend(b"PK\x01\x02");
        contents.extend([20, 3]);
        contents.extend(&middle);
        contents.extend((entry.name.len() as u16).to_le_bytes());
        contents.extend([0; 8]);
        contents.extend((entry.mode << 16).to_le_bytes());
        contents.extend(place.to_le_bytes());
        contents.extend(&entry.name);
    }
    let begins_at = bytes.len() as u32;
    bytes.extend(&contents);
    bytes.extend(b"PK\x05\x06\0\0\0\0");
    let count = entries.len().min(0xffff) as u16;
    bytes.extend(count.to_le_bytes());
    bytes.extend(count.to_le_bytes());
    bytes.extend((contents.len() as u32).to_le_bytes());
    bytes.extend(begins_at.to_le_bytes());
    bytes.extend([0, 0]);
    bytes
}

/// An entry of a tar, with everything but the checksum as given.
pub fn tar_entry(name: &[u8], kind: u8, size: u64, content: &[u8]) -> Vec<u8> {
    let mut header = vec![0; 512];
    header[..name.len().min(100)].copy_from_slice(&name[..name.len().min(100)]);
    header[100..108].copy_from_slice(b"0000644\0");
    header[108..116].copy_from_slice(b"0000000\0");
    header[116..124].copy_from_slice(b"0000000\0");
    // A size of twelve digits leaves no room for the zero behind it.
    header[124..136].copy_from_slice(&format!("{size:011o}\0").as_bytes()[..12]);
    header[136..148].copy_from_slice(b"00000000000\0");
    header[148..156].copy_from_slice(b"        ");
    header[156] = kind;
    if kind == b'1' || kind == b'2' {
        header[157..168].copy_from_slice(b"/etc/passwd");
    }
    header[257..265].copy_from_slice(b"ustar\x0000");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    header.extend(content);
    header.resize(header.len().div_ceil(512) * 512, 0);
    header
}

/// A plain file, with a long name in an entry of its own where it needs one.
pub fn tar_file(name: &[u8], content: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    if name.len() > 100 {
        let with_end = [name, b"\0"].concat();
        bytes.extend(tar_entry(b"././@LongLink", b'L', with_end.len() as u64, &with_end));
    }
    bytes.extend(tar_entry(name, b'0', content.len() as u64, content));
    bytes
}

pub fn tar(entries: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = entries.concat();
    bytes.extend([0; 1024]);
    bytes
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub fn zstandard(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}
