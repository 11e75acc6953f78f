//! Opens a TCP connection and closes it.

use std::time::Duration;

use lesson::evidence::{Answer, Unanswered};
use tokio::io::AsyncReadExt;

use super::{connect, via};
use crate::route::Target;

/// How long the engine's forwarder gets to find out that nothing listens behind a port. It accepts first and looks then.
const CLOSES_WITHIN: Duration = Duration::from_millis(200);

/// Nothing is sent. A service that speaks first has stayed open as well.
pub(super) async fn connect_and_wait(target: &Target) -> Result<Answer, Unanswered> {
    let mut stream = connect(target).await?;
    let mut byte = [0];
    let stayed_open = match tokio::time::timeout(CLOSES_WITHIN, stream.read(&mut byte)).await {
        Err(_) => true,
        Ok(Ok(read)) => read > 0,
        Ok(Err(_)) => false,
    };
    Ok(Answer::Tcp {
        via: via(target),
        stayed_open,
    })
}
