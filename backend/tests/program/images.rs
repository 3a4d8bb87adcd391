//! A folder of labelled images, as small as a training's data can be.

use std::path::Path;

/// Four images with one box each: two to learn from, two to be measured on.
pub fn write_yolo(folder: &Path) {
    for (subset, shades) in [("train", [10_u8, 60]), ("valid", [110, 160])] {
        for (kind, shade) in shades.into_iter().enumerate() {
            let (images, labels) = (folder.join(subset).join("images"), folder.join(subset).join("labels"));
            std::fs::create_dir_all(&images).unwrap();
            std::fs::create_dir_all(&labels).unwrap();
            let picture = image::RgbImage::from_pixel(32, 32, image::Rgb([shade, 0, shade]));
            picture.save(images.join(format!("{kind}.png"))).unwrap();
            std::fs::write(labels.join(format!("{kind}.txt")), "0 0.5 0.5 0.5 0.5\n").unwrap();
        }
    }
    let yaml = "train: train/images\nval: valid/images\nnc: 1\nnames: [dot]\n";
    std::fs::write(folder.join("data.yaml"), yaml).unwrap();
}
