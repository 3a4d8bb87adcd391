//! What is no archive, and what lies within one: other files, images, annotations.

use super::super::raw::{ZipEntry, crc, zip};
use super::{Case, Made, case, picture, png};

pub(super) fn cases() -> Vec<Made> {
    let mut all = other_files();
    all.extend(images());
    all.extend(annotations());
    all
}

fn other_files() -> Vec<Made> {
    let mut all: Vec<Made> = Vec::new();
    let files: [(&str, &str, &[u8], &str); 8] = [
        ("bzip2", "data.tar.bz2", b"BZh91AY&SY", "bzip2"),
        ("xz", "data.tar.xz", b"\xfd7zXZ\0\0\x04", "xz"),
        ("7z", "data.7z", b"7z\xbc\xaf\x27\x1c\0\x04", "7z"),
        ("rar", "data.rar", b"Rar!\x1a\x07\x01\0", "rar"),
        ("a text", "data.zip", b"this is no archive", "data set"),
        ("nothing", "data.zip", b"", "data set"),
        ("a program", "data.exe", b"MZ\x90\0\x03", "data set"),
        ("a page", "page.html", b"<script>alert(1)</script>", "data set"),
    ];
    for (what, file, content, says) in files {
        all.push(Box::new(move || case(format!("another file, {what}"), file, content.to_vec(), says)));
    }
    all.push(Box::new(|| {
        let mut several = case("several files, one an archive", "b.zip", zip(&[]), "among other files");
        several.files.insert(0, ("a.png".into(), png()));
        several
    }));
    for (what, first, second, says) in [
        ("the same name", "a.png", "a.png", "twice"),
        ("capitals", "a.png", "A.png", "capital"),
        ("a climbing name", "a.png", "../b.png", "leads out"),
        ("an absolute name", "a.png", "/b.png", "absolute"),
    ] {
        all.push(Box::new(move || {
            let mut several = case(format!("several files, {what}"), second, png(), says);
            several.files.insert(0, (first.into(), png()));
            several
        }));
    }
    all
}

/// A PNG that says to be of this size.
fn png_of(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = png();
    bytes[16..20].copy_from_slice(&width.to_be_bytes());
    bytes[20..24].copy_from_slice(&height.to_be_bytes());
    let checksum = crc(&bytes[12..29]);
    bytes[29..33].copy_from_slice(&checksum.to_be_bytes());
    bytes
}

fn images() -> Vec<Made> {
    let jpeg = picture(image::ImageFormat::Jpeg);
    let images: Vec<(&str, &str, Vec<u8>, &str)> = vec![
        ("50,000 x 50,000 pixels", "x.png", png_of(50_000, 50_000), "too large"),
        ("16,000 x 16,000 pixels", "x.png", png_of(16_000, 16_000), "too large"),
        ("no area", "x.png", png_of(0, 0), ""),
        ("no height", "x.png", png_of(40, 0), ""),
        ("cut off, PNG", "x.png", png()[..png().len() / 2].to_vec(), ""),
        ("cut off, JPEG", "x.jpg", jpeg[..jpeg.len() / 2].to_vec(), "broken"),
        ("its first bytes alone", "x.jpg", jpeg[..3].to_vec(), ""),
        ("another name", "x.png", jpeg.clone(), "rename"),
        ("empty", "x.png", Vec::new(), "empty"),
        ("a text", "x.png", b"hello".to_vec(), "not an image"),
        ("a drawing with a script", "x.png", b"<svg onload='alert(1)'/>".to_vec(), "not an image"),
        (
            "a page that begins as a picture",
            "x.jpg",
            [&b"\xff\xd8\xff\xe0"[..], b"<html><script>"].concat(),
            "",
        ),
        ("an animation", "x.png", b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff".to_vec(), "not an image"),
        ("noise", "x.png", [&png()[..40], &[0x55; 400]].concat(), ""),
    ];
    let mut all: Vec<Made> = Vec::new();
    for (what, name, content, says) in images {
        all.push(Box::new(move || {
            let bytes = zip(&[ZipEntry::new(format!("cat/{name}"), content)]);
            let mut case = case(format!("image, {what}"), "data.zip", bytes, says);
            case.names = format!("cat/{name}");
            case
        }));
    }
    all
}

fn annotations() -> Vec<Made> {
    let mut all: Vec<Made> = Vec::new();
    let yaml = "names: [cat]\n";
    let yolo: [(&str, String); 12] = [
        ("NaN", "0 NaN 0.5 0.1 0.1\n".into()),
        ("infinity", "0 inf 0.5 0.1 0.1\n".into()),
        ("1e308", "0 1e308 0.5 0.1 0.1\n".into()),
        ("a negative size", "0 0.5 0.5 -0.1 0.1\n".into()),
        ("no size", "0 0.5 0.5 0 0\n".into()),
        ("outside of the image", "0 5 5 0.1 0.1\n".into()),
        ("an unknown class", "7 0.5 0.5 0.1 0.1\n".into()),
        ("a class below zero", "-1 0.5 0.5 0.1 0.1\n".into()),
        ("too few numbers", "0 0.5\n".into()),
        ("words", "cat is here now ok\n".into()),
        ("a long line", format!("0 0.5 0.5 0.1 {}\n", "1".repeat(1 << 20))),
        ("a NUL", "0 0.5 0.5 0.1 0.1\0\n".into()),
    ];
    for (what, text) in yolo {
        all.push(Box::new(move || {
            let bytes = zip(&[
                ZipEntry::new("data.yaml", yaml),
                ZipEntry::new("images/x.png", png()),
                ZipEntry::new("labels/x.txt", text),
            ]);
            annotated(format!("annotations YOLO, {what}"), bytes, "labels/x.txt")
        }));
    }
    let deep_json = format!("{{\"images\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000));
    let coco: [(&str, String); 7] = [
        ("nesting of 10,000", deep_json),
        ("not JSON", "{\"images\": [".into()),
        ("a list", "[]".into()),
        ("wrong types", r#"{"images": 3, "annotations": "x", "categories": {}}"#.into()),
        ("binary", "\u{1}\u{2}\u{3}".into()),
        (
            "a number as a name",
            r#"{"images": [{"id": 1, "file_name": 7}], "annotations": [], "categories": []}"#.into(),
        ),
        ("empty", String::new()),
    ];
    for (what, text) in coco {
        all.push(Box::new(move || {
            let bytes = zip(&[
                ZipEntry::new("annotations/instances_train.json", text),
                ZipEntry::new("train/x.png", png()),
            ]);
            annotated(format!("annotations COCO, {what}"), bytes, "instances_train.json")
        }));
    }
    let laughs = "<!DOCTYPE a [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;&a;\">]><annotation>&b;</annotation>";
    let voc: [(&str, String); 6] = [
        ("entities", laughs.into()),
        ("not closed", "<annotation><filename>x.png".into()),
        ("nesting of 10,000", "<a>".repeat(10_000)),
        ("a climbing name", "<annotation><filename>../../etc/passwd</filename></annotation>".into()),
        ("no XML", "hello".into()),
        ("empty", String::new()),
    ];
    for (what, text) in voc {
        all.push(Box::new(move || {
            let bytes =
                zip(&[ZipEntry::new("Annotations/x.xml", text), ZipEntry::new("JPEGImages/x.png", png())]);
            annotated(format!("annotations VOC, {what}"), bytes, "x.xml")
        }));
    }
    let yamls: [(&str, &str); 4] = [
        ("aliases", "a: &a [x,x,x,x]\nb: &b [*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b]\nnames: *c\n"),
        ("a climbing place", "names: [cat]\ntrain: ../../../etc\n"),
        ("no names", "train: images\n"),
        ("not YAML", "{[\n"),
    ];
    for (what, text) in yamls {
        all.push(Box::new(move || {
            let bytes = zip(&[ZipEntry::new("data.yaml", text), ZipEntry::new("images/x.png", png())]);
            annotated(format!("annotations YAML, {what}"), bytes, "data.yaml")
        }));
    }
    all
}

fn annotated(what: String, bytes: Vec<u8>, names: &str) -> Case {
    Case { names: names.to_owned(), may_be_rejected_alone: true, ..case(what, "data.zip", bytes, "") }
}
