//! The lesson format, checks, matchers, rules and verdicts. Pure: evidence in, report out.
//!
//! A host reads a lesson ([`parse_lesson`]), captures the learner's files and what [`wanted`] asks of the world as
//! [`evidence::Evidence`], and gets a [`report::Report`] from [`check`]. A recording is that evidence in a file; judging it
//! again gives the same report.

mod address;
mod agreement;
mod build;
pub mod case;
mod command;
mod config_file;
pub mod container;
mod copied;
pub mod drill;
pub mod evidence;
mod fields;
pub mod format;
mod gitignore;
mod image;
mod image_contents;
mod image_setting;
mod inside;
mod judge;
mod live;
mod load;
mod locate;
mod matcher;
pub mod milvus;
mod packages;
pub mod page;
mod parse;
mod probe;
mod proc_status;
pub mod report;
pub mod rules;
mod scene;
mod schema;
pub mod secrets;
mod setting;
#[cfg(test)]
mod testing;
mod wanted;
mod wanted_files;
pub mod words;

pub use build::{Build, Folders, building_services, capture_builds, look_at_build};
pub use judge::{check, described, reads, rules_of};
pub use load::{base_request, load};
pub use parse::{Lesson, LessonError, number_of, parse_form, parse_lesson};
pub use schema::{drill_schema, lesson_schema};
pub use wanted::wanted;
pub use wanted_files::{capture_copied, files_to_read, settings_files};
