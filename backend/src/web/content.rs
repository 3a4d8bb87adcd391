//! What a file is, by its first bytes or by the name that the build gave it.
//!
//! Must not trust a name or a claimed type of user content.

/// The type of an image that may be shown in place; `None` for everything else, which is only ever
/// handed out as a download. SVG is left out on purpose: it can carry scripts.
#[must_use]
pub fn image_type(first_bytes: &[u8]) -> Option<&'static str> {
    match first_bytes {
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, ..] => Some("image/png"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some("image/gif"),
        [b'B', b'M', ..] if first_bytes.len() >= 14 => Some("image/bmp"),
        _ => None,
    }
}

/// The type of a file of the built UI, by its extension; `None` if the UI has no such files.
#[must_use]
pub fn asset_type(path: &str) -> Option<&'static str> {
    let (_, extension) = path.rsplit_once('.')?;
    Some(match extension {
        "css" => "text/css; charset=utf-8",
        "html" => "text/html; charset=utf-8",
        "ico" => "image/x-icon",
        "jpg" => "image/jpeg",
        "js" => "text/javascript; charset=utf-8",
        "json" => "application/json",
        "map" => "application/json",
        "png" => "image/png",
        "svg" => "image/svg+xml",
        "txt" => "text/plain; charset=utf-8",
        "wasm" => "application/wasm",
        "webmanifest" => "application/manifest+json",
        "woff2" => "font/woff2",
        _ => return None,
    })
}

/// A `Content-Disposition` that downloads under `name`, whatever is in it (RFC 6266, RFC 8187).
#[must_use]
pub fn attachment(name: &str) -> String {
    let plain: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' }).collect();
    let encoded: String = name
        .bytes()
        .map(|byte| match byte {
            b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'.' | b'_' | b'-' => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        })
        .collect();
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}")
}

/// Whether a text is a SHA-256 in lower-case hexadecimal.
#[must_use]
pub fn is_content_hash(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_known_by_their_bytes_alone() {
        let cases: [(&[u8], Option<&str>); 8] = [
            (b"\xff\xd8\xff\xe0rest", Some("image/jpeg")),
            (b"\x89PNG\r\n\x1a\nrest", Some("image/png")),
            (b"RIFF\x10\x00\x00\x00WEBPVP8 ", Some("image/webp")),
            (b"BM", None),
            (b"<svg xmlns='http://www.w3.org/2000/svg'>", None),
            (b"<html><script>", None),
            (b"", None),
            (b"RIFF\x10\x00\x00\x00WAVE", None),
        ];
        for (bytes, expected) in cases {
            assert_eq!(image_type(bytes), expected, "{bytes:?}");
        }
    }

    #[test]
    fn hostile_names_stay_inside_their_header() {
        assert_eq!(
            attachment("best.safetensors"),
            "attachment; filename=\"best.safetensors\"; filename*=UTF-8''best.safetensors"
        );
        for name in ["a\"b", "a\r\nSet-Cookie: x=1", "../../etc/passwd", "é;x"] {
            let value = attachment(name);
            assert!(http::HeaderValue::from_str(&value).is_ok(), "{value}");
            assert_eq!(value.matches('"').count(), 2, "{value}");
            assert!(!value.contains('/'), "{value}");
        }
    }

    #[test]
    fn only_a_whole_hash_is_one() {
        assert!(is_content_hash(&"a0".repeat(32)));
        for text in ["", "a0", &"A0".repeat(32), &"g0".repeat(32), "../../../../etc/passwd", &"a0".repeat(33)]
        {
            assert!(!is_content_hash(text), "{text}");
        }
    }
}
