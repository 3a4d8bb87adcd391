//! Prints every vector's digest as this machine computes it, for comparison with `digests.cjs`.

fn main() {
    for number in 0..same_bits::COUNT {
        println!("{}", same_bits::vector_line(number));
    }
}
