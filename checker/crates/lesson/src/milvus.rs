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

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads hexadecimal digits. Unless a test says otherwise they are what Milvus 2.3.5 answered.
    fn bytes(digits: &str) -> Vec<u8> {
        let digits: String = digits.split_whitespace().collect();
        let byte = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).unwrap();
        (0..digits.len()).step_by(2).map(byte).collect()
    }

    #[test]
    fn the_version_is_read() {
        let answer = bytes("0a00 120b 76322e332e352d6c697465");
        let version = "v2.3.5-lite".to_owned();
        assert_eq!(
            decode(MilvusCall::Version, &answer),
            Ok(MilvusAnswer::Version(version))
        );
    }

    #[test]
    fn health_is_read() {
        let healthy = MilvusAnswer::Health {
            healthy: true,
            reasons: Vec::new(),
        };
        assert_eq!(decode(MilvusCall::Health, &bytes("0a00 1001")), Ok(healthy));
    }

    #[test]
    fn collections_are_read_and_what_else_is_said_of_them_is_skipped() {
        let answer = bytes(
            "0a00 1205626f6f6b73 120566696c6d73
             1a12 be86a0dbe0b7f9c306c386a0dbe0b7f9c306 2212 8780e0d880b9f9c3068c80e0d880b9f9c306
             2a0c c685c8cb9f34c685c8cb9f34",
        );
        let names = ["books", "films"].map(str::to_owned).to_vec();
        assert_eq!(
            decode(MilvusCall::Collections, &answer),
            Ok(MilvusAnswer::Collections(names))
        );
        assert_eq!(
            decode(MilvusCall::Collections, &bytes("0a00")),
            Ok(MilvusAnswer::Collections(Vec::new()))
        );
    }

    /// Made by hand from `common.proto`, for servers that were not at hand.
    #[test]
    fn a_refusal_is_read_from_the_old_code_too() {
        let refused = |code: i32, reason: &str| {
            Ok(MilvusAnswer::Refused {
                code,
                reason: reason.to_owned(),
            })
        };
        // error_code 1 alone, as before 2.3; then with code 65535, as from 2.3 on.
        let old = bytes("0a06 0801 1202 6e6f");
        let new = bytes("0a0a 0801 1202 6e6f 18ffff03");
        for call in [
            MilvusCall::Version,
            MilvusCall::Health,
            MilvusCall::Collections,
        ] {
            assert_eq!(decode(call, &old), refused(1, "no"), "{call:?}");
            assert_eq!(decode(call, &new), refused(65535, "no"), "{call:?}");
        }
    }

    /// Made by hand: the server at hand never says that it is unhealthy; it stops answering.
    #[test]
    fn reasons_say_more_than_a_refusal() {
        let answer = bytes("0a04 0801 1200 1a07 6f6e653a206e6f");
        let reasons = vec!["one: no".to_owned()];
        let healthy = false;
        assert_eq!(
            decode(MilvusCall::Health, &answer),
            Ok(MilvusAnswer::Health { healthy, reasons })
        );
    }

    #[test]
    fn what_is_no_message_is_no_answer() {
        for nonsense in ["ff", "0aff", "1205 626f", "0a02 ffff", "1202 c328"] {
            let error = decode(MilvusCall::Version, &bytes(nonsense)).unwrap_err();
            assert!(error.contains("no answer to GetVersion"), "{error}");
        }
    }
}
