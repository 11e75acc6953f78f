//! The book and the exercises are embedded; a new file in their folders has to be noticed.

fn main() {
    for folder in ["../book.toml", "../exercises", "../src", "../theme"] {
        println!("cargo::rerun-if-changed={folder}");
    }
}
