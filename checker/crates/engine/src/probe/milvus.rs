//! Reading calls of Milvus' gRPC service. The answer's bytes are kept as they came; the core decodes them.

use std::error::Error;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Buf, BufMut};
use hyper::body::Incoming;
use hyper::client::conn::http2::{self, SendRequest};
use hyper::http::uri::PathAndQuery;
use hyper::{Request, Response, Uri};
use hyper_util::rt::{TokioExecutor, TokioIo};
use lesson::evidence::{Answer, Bytes, MilvusCall, Unanswered};
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::{Code, Status};

use super::{connect, hyper_error, via};
use crate::route::Target;

/// Asks at a published port, without a login.
pub(super) async fn call(
    target: &Target,
    call: MilvusCall,
    deadline: Duration,
) -> Result<Answer, Unanswered> {
    let origin: Uri = format!("http://{target}")
        .parse()
        .map_err(|error| Unanswered::Nonsense(format!("{target}: {error}")))?;
    let stream = connect(target).await?;
    let handshake = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await;
    let (sender, connection) = handshake.map_err(|error| hyper_error(target, &error))?;
    tokio::spawn(connection);

    // Each of these requests has only optional fields: none set is no bytes at all.
    let mut request = tonic::Request::new(Vec::new());
    request.set_timeout(deadline);
    let mut grpc = Grpc::with_origin(Connection(sender), origin);
    match grpc.unary(request, path(call), Raw).await {
        Ok(response) => Ok(Answer::Grpc {
            via: via(target),
            code: Code::Ok.into(),
            message: String::new(),
            body: Bytes(response.into_inner()),
        }),
        Err(status) => match broken_connection(&status) {
            Some(error) => Err(no_grpc(target, error)),
            None => Ok(Answer::Grpc {
                via: via(target),
                code: status.code().into(),
                message: status.message().to_owned(),
                body: Bytes::default(),
            }),
        },
    }
}

fn path(call: MilvusCall) -> PathAndQuery {
    PathAndQuery::from_static(match call {
        MilvusCall::Version => "/milvus.proto.milvus.MilvusService/GetVersion",
        MilvusCall::Health => "/milvus.proto.milvus.MilvusService/CheckHealth",
        MilvusCall::Collections => "/milvus.proto.milvus.MilvusService/ShowCollections",
    })
}

/// The library reports a lost connection as a status too; a server's own status has no cause.
fn broken_connection(status: &Status) -> Option<&(dyn Error + 'static)> {
    status.source()
}

/// Tells a closed connection from a server that speaks something else.
fn no_grpc(target: &Target, error: &(dyn Error + 'static)) -> Unanswered {
    let causes = || std::iter::successors(Some(error), |error| (*error).source());
    let closed = causes().any(|cause| {
        let by_peer = cause
            .downcast_ref::<hyper::Error>()
            .is_some_and(|error| error.is_closed() || error.is_canceled());
        by_peer || cause.is::<std::io::Error>()
    });
    if closed {
        return Unanswered::Closed(target.to_string());
    }
    let words = causes().last().unwrap_or(error);
    Unanswered::Nonsense(format!("{target} does not speak gRPC: {words}"))
}

/// One HTTP/2 connection in the shape that the gRPC library asks for.
struct Connection(SendRequest<tonic::body::Body>);

impl tower_service::Service<Request<tonic::body::Body>> for Connection {
    type Response = Response<Incoming>;
    type Error = hyper::Error;
    type Future =
        std::pin::Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: Request<tonic::body::Body>) -> Self::Future {
        Box::pin(self.0.send_request(request))
    }
}

/// Passes messages through as bytes.
struct Raw;

impl Codec for Raw {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, message: Vec<u8>, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put_slice(&message);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, Status> {
        Ok(Some(buffer.copy_to_bytes(buffer.remaining()).to_vec()))
    }
}
