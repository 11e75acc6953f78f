//! Tiny books, built for real into temporary folders and read back. One file for each promise of the crate.

mod accessible;
mod admonish;
mod destination;
mod directives;
mod fences;
mod fixture;
mod links;
mod policy;
mod settings;
