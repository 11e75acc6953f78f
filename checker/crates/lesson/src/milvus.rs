//! Reading the answers of Milvus' gRPC service, from the bytes that came back.
//!
//! The messages are declared by hand, with only the fields that a verdict rests on: between the protocol's versions 2.3
//! and 3.0 they differ by additions alone, and protobuf skips what a reader does not know. Field numbers are those of
//! `milvus.proto` and `common.proto` in <https://github.com/milvus-io/milvus-proto>.

use prost::Message;

use crate::evidence::MilvusCall;

/// What Milvus said, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MilvusAnswer {
    /// The server's own version, as it writes it (`2.3.5`, with or without a leading `v`).
    Version(String),
    /// What the server says of its parts.
    Health {
        /// Its verdict.
        healthy: bool,
        /// Why not, one text a part; empty where it is healthy.
        reasons: Vec<String>,
    },
    /// Names of the collections, in the server's order.
    Collections(Vec<String>),
    /// The server understood the call and refuses it.
    Refused {
        /// Milvus' code; where an old server sends only the older `error_code`, that one.
        code: i32,
        /// The server's words.
        reason: String,
    },
}

/// Reads the message that answered a call.
///
/// # Errors
/// One sentence that says what the bytes are not, where they are no protobuf message of this call.
pub fn decode(call: MilvusCall, bytes: &[u8]) -> Result<MilvusAnswer, String> {
    match call {
        MilvusCall::Version => {
            let answer: GetVersionResponse = message("GetVersion", bytes)?;
            Ok(refusal(answer.status).unwrap_or(MilvusAnswer::Version(answer.version)))
        }
        MilvusCall::Health => {
            let answer: CheckHealthResponse = message("CheckHealth", bytes)?;
            // An unhealthy server may repeat its reasons as a status that is no success: the reasons say more.
            if let (Some(refused), true) = (refusal(answer.status), answer.reasons.is_empty()) {
                return Ok(refused);
            }
            Ok(MilvusAnswer::Health {
                healthy: answer.is_healthy,
                reasons: answer.reasons,
            })
        }
        MilvusCall::Collections => {
            let answer: ShowCollectionsResponse = message("ShowCollections", bytes)?;
            Ok(
                refusal(answer.status)
                    .unwrap_or(MilvusAnswer::Collections(answer.collection_names)),
            )
        }
    }
}

fn message<M: Message + Default>(call: &str, bytes: &[u8]) -> Result<M, String> {
    M::decode(bytes).map_err(|error| {
        format!(
            "{} bytes that are no answer to {call}: {error}",
            bytes.len()
        )
    })
}

fn refusal(status: Option<Status>) -> Option<MilvusAnswer> {
    let Status {
        error_code,
        reason,
        code,
    } = status?;
    let code = if code != 0 { code } else { error_code };
    (code != 0).then_some(MilvusAnswer::Refused { code, reason })
}

/// `common.Status`. `error_code` is deprecated since 2.3 and still the only one that older servers fill.
#[derive(Clone, PartialEq, Message)]
struct Status {
    #[prost(int32, tag = "1")]
    error_code: i32,
    #[prost(string, tag = "2")]
    reason: String,
    #[prost(int32, tag = "3")]
    code: i32,
}

#[derive(Clone, PartialEq, Message)]
struct GetVersionResponse {
    #[prost(message, optional, tag = "1")]
    status: Option<Status>,
    #[prost(string, tag = "2")]
    version: String,
}

#[derive(Clone, PartialEq, Message)]
struct CheckHealthResponse {
    #[prost(message, optional, tag = "1")]
    status: Option<Status>,
    #[prost(bool, tag = "2")]
    is_healthy: bool,
    #[prost(string, repeated, tag = "3")]
    reasons: Vec<String>,
}

#[derive(Clone, PartialEq, Message)]
struct ShowCollectionsResponse {
    #[prost(message, optional, tag = "1")]
    status: Option<Status>,
    #[prost(string, repeated, tag = "2")]
    collection_names: Vec<String>,
}
