//! A report as text: for a person, and in three formats for programs.

pub mod human;
pub mod json;
pub mod junit;
pub mod sarif;
pub mod style;
