//! Evidence from the world: asks a container engine and the services it runs, and hands back what was seen.
//!
//! It only looks. To the engine go `GET`s, and an exec of exactly those commands that a probe declares; to services go a
//! `GET`, an opened and closed connection, or a reading call. Every question has a deadline, everything independent is
//! asked at once, and a question without an answer is recorded as such: it never becomes a fact about the learner's stack.
//!
//! [`find`] tells where the engine is, [`collect`] gathers what a lesson wants to know, [`follow`] tells what
//! happens to its containers, [`look_around`] what a machine has.

mod address;
mod client;
mod collect;
mod context;
mod deadlines;
mod events;
mod failure;
mod find;
mod holders;
mod images;
mod inspect;
mod look_around;
mod output;
mod probe;
mod route;
mod stream;
mod tls;

pub use address::{Address, AddressError, Lookup, Why};
pub use collect::collect;
pub use deadlines::Deadlines;
pub use events::follow;
pub use find::find;
pub use look_around::{Machine, Surroundings, look_around};
