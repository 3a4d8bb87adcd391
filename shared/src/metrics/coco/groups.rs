//! Boxes in the order in which they are evaluated: by class, then image, then place in the file.
//!
//! Must not know what a box is. Two passes of counting sort: linear in boxes, images and classes,
//! however few of the pairs of class and image occur.

/// Order of boxes by class, then image, then place in the file.
pub(super) struct Groups {
    order: Vec<u32>,
    /// For each class, where it starts in the order; one more at the end.
    starts: Vec<usize>,
}

impl Groups {
    /// `images` and `classes` are ranks below the counts.
    pub fn of(images: &[u32], image_count: usize, classes: &[u32], class_count: usize) -> Self {
        let by_image = ByImage::of(images, image_count).order;
        let (order, starts) = counting_sort(&by_image, classes, class_count);
        Self { order, starts }
    }

    /// The boxes of a class, by image.
    pub fn of_class(&self, class: usize) -> &[u32] {
        &self.order[self.starts[class]..self.starts[class + 1]]
    }
}

/// Boxes of each image in the order of the file.
pub(super) struct ByImage {
    order: Vec<u32>,
    starts: Vec<usize>,
}

impl ByImage {
    /// `images` are ranks below the count.
    pub fn of(images: &[u32], image_count: usize) -> Self {
        let in_file: Vec<u32> = (0..).take(images.len()).collect();
        let (order, starts) = counting_sort(&in_file, images, image_count);
        Self { order, starts }
    }

    /// The boxes of an image.
    pub fn of_image(&self, image: u32) -> &[u32] {
        &self.order[self.starts[image as usize]..self.starts[image as usize + 1]]
    }
}

/// Takes the boxes of one image off the front; none when the next ones are of another image.
pub(super) fn take_image<'a>(rest: &mut &'a [u32], images: &[u32], image: u32) -> &'a [u32] {
    let length = rest.iter().take_while(|&&index| images[index as usize] == image).count();
    let (front, back) = rest.split_at(length);
    *rest = back;
    front
}

/// Sorts indices by key, equal ones in the order given; also says where each key starts.
fn counting_sort(order: &[u32], keys: &[u32], key_count: usize) -> (Vec<u32>, Vec<usize>) {
    let mut starts = vec![0usize; key_count + 1];
    for &key in keys {
        starts[key as usize + 1] += 1;
    }
    for key in 0..key_count {
        starts[key + 1] += starts[key];
    }
    let mut next = starts.clone();
    let mut sorted = vec![0; order.len()];
    for &index in order {
        let place = &mut next[keys[index as usize] as usize];
        sorted[*place] = index;
        *place += 1;
    }
    (sorted, starts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_come_by_class_then_image_then_place() {
        let (images, classes) = ([2, 0, 2, 1, 0, 2], [1, 1, 0, 1, 1, 1]);
        let groups = Groups::of(&images, 3, &classes, 3);
        assert_eq!(groups.of_class(0), [2]);
        assert_eq!(groups.of_class(2), [0u32; 0]);
        let mut rest = groups.of_class(1);
        assert_eq!(rest, [1, 4, 3, 0, 5]);
        assert_eq!(take_image(&mut rest, &images, 0), [1, 4]);
        assert_eq!(take_image(&mut rest, &images, 2), [0u32; 0]);
        assert_eq!(take_image(&mut rest, &images, 1), [3]);
        assert_eq!(rest, [0, 5]);
    }
}
