//! `checker serve`: the book on this machine's loopback, each lesson's page with live verdicts.
//!
//! It judges nothing itself: [`live`] captures and judges as `verify` does, whenever [`saves`] or the engine's events give a
//! reason to; [`guard`] decides who may ask; [`pages`] holds the built book in memory; [`running`] remembers where the server is.

mod guard;
mod live;
mod pages;
pub mod running;
mod saves;
mod stream;

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use anyhow::Context;
use axum::extract::{Query, State};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::get;
use axum::{Router, middleware};
use tokio::net::TcpListener;

use crate::workspace::Workspace;
use guard::Guard;
use live::Desk;
use pages::Pages;
use running::Running;

/// Where it listens unless told otherwise, and how many ports after it are tried.
const FIRST_PORT: u16 = 8765;
const TRIED: u16 = 20;

struct Served {
    pages: Pages,
    desk: Arc<Desk>,
}

/// Serves until Ctrl-C. `ready` is told the address as soon as it answers.
///
/// # Errors
/// The book cannot be built, or no port is free.
pub fn serve(
    workspace: &Workspace,
    port: Option<u16>,
    host: Option<String>,
    ready: impl FnOnce(&Running),
) -> anyhow::Result<()> {
    let pages = Pages::build()?;
    let token = running::token_of(workspace)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("cannot start the server")?;
    let served = runtime.block_on(async {
        let listener = listen(port, running::last_port_of(workspace)).await?;
        let port = listener.local_addr()?.port();
        let running = Running::new(port, token);
        let app = app(
            Served {
                desk: Arc::new(Desk::new(workspace.clone(), host)?),
                pages,
            },
            Guard::new(port, &running.token),
        );
        running.remember(workspace)?;
        ready(&running);
        tokio::select! {
            served = axum::serve(listener, app) => served.context("the server has stopped"),
            () = told_to_end() => Ok(()),
        }
    });
    // Open event streams and a look that is under way are not waited for.
    runtime.shutdown_background();
    served
}

fn app(served: Served, guard: Guard) -> Router {
    let guard = Arc::new(guard);
    Router::new()
        .route("/events", get(stream::events))
        .route("/about", get(about))
        .fallback(page)
        .with_state(Arc::new(served))
        .layer(middleware::from_fn_with_state(
            guard,
            guard::only_the_reader,
        ))
}

/// Says which workspace this server is for, so that a stale note about it is recognised.
async fn about(State(served): State<Arc<Served>>) -> Response {
    let workspace = served.desk.workspace_name();
    Json(serde_json::json!({ "workspace": workspace })).into_response()
}

async fn page(
    State(served): State<Arc<Served>>,
    Query(query): Query<HashMap<String, String>>,
    uri: Uri,
) -> Response {
    let found = served.pages.get(uri.path());
    match (found, query.get(guard::TOKEN)) {
        // The guard has let the printed address in: from here on the cookie does.
        (Some(_), Some(_)) => guard::clean(uri.path()),
        (None, Some(_)) => guard::clean("/"),
        (Some(page), None) => page.response(StatusCode::OK),
        (None, None) => served.pages.missing().response(StatusCode::NOT_FOUND),
    }
}

/// The port that was asked for, else the one of last time, else the next free one.
async fn listen(port: Option<u16>, last: Option<u16>) -> anyhow::Result<TcpListener> {
    let bind = async |port| TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await;
    if let Some(port) = port {
        return bind(port).await.with_context(|| {
            format!(
                "cannot listen on port {port} of 127.0.0.1; another program may have it. Without `--port` a free one is taken; \
                 `docker ps --filter publish={port}` says whether a container has it"
            )
        });
    }
    let candidates = last.into_iter().chain(FIRST_PORT..FIRST_PORT + TRIED);
    for port in candidates {
        if let Ok(listener) = bind(port).await {
            return Ok(listener);
        }
    }
    bind(0)
        .await
        .context("no port of 127.0.0.1 can be listened on")
}

/// Ctrl-C, or the system's request to end.
async fn told_to_end() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    // A machine that cannot tell of Ctrl-C ends the process by itself.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
