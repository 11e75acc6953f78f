//! The lesson format, checks, matchers, rules and verdicts. Pure: evidence in, report out.

pub mod evidence;
