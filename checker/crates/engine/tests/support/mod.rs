//! What several test programs need: a running engine, a throw-away Compose project, and a recording proxy.
//!
//! Included by path (`#[path = …] mod support;`), so that tests of other crates can use it too.
#![allow(dead_code, reason = "each test program uses its own part of it")]

pub mod fake;
pub mod needs_engine;
pub mod project;
pub mod recorder;
