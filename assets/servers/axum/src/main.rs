//! The lab's axum server: a task a connection, and a channel for what is broadcast to it, as in tokio's chat example.

mod hub;

use std::sync::{Arc, atomic::Ordering::Relaxed};
use std::{env, error::Error, net::SocketAddr, time::Duration};

use axum::extract::State;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::{Router, response::Response, routing::get, serve::ListenerExt};
use axum_server::tls_rustls::RustlsConfig;
use hub::{Hub, Membership};
use tokio::signal::unix::{SignalKind, signal};
use tokio::{net::TcpSocket, time::timeout};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// As in Cargo.toml.
const VERSION: &str = "axum 0.8.9";
const MESSAGE_LIMIT: usize = 1 << 20;
/// How long clients get to answer the close when the server stops.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

#[derive(Clone, Default)]
struct App {
    hub: Arc<Hub>,
    stopping: CancellationToken,
    connections: TaskTracker,
}

async fn member(State(app): State<App>, upgrade: WebSocketUpgrade) -> Response {
    // It joins before the 101 is sent, and not after it.
    let membership = app.hub.join();
    configured(upgrade).on_upgrade(|socket| app.clone().connections.track_future(serve_member(app, socket, membership)))
}

async fn publisher(State(app): State<App>, upgrade: WebSocketUpgrade) -> Response {
    configured(upgrade).on_upgrade(|socket| app.clone().connections.track_future(serve_publisher(app, socket)))
}

/// With a read buffer for small messages: tungstenite's is of 128 KiB. Pongs that nobody reads gather in the write buffer.
fn configured(upgrade: WebSocketUpgrade) -> WebSocketUpgrade {
    let upgrade = upgrade.read_buffer_size(1024).write_buffer_size(0).max_write_buffer_size(4 * MESSAGE_LIMIT);
    upgrade.max_message_size(MESSAGE_LIMIT).max_frame_size(MESSAGE_LIMIT)
}

async fn serve_member(app: App, mut socket: WebSocket, mut membership: Membership) {
    let member = membership.member.clone();
    tokio::select! {
        _ = echo_and_broadcast(&mut socket, &mut membership) => {}
        () = member.cut_off.cancelled() => {}
        () = app.stopping.cancelled() => say_goodbye(socket).await,
    }
}

/// One write after the other: a client that does not read what it gets is not read from. Ends with the connection.
async fn echo_and_broadcast(socket: &mut WebSocket, membership: &mut Membership) -> Result<(), axum::Error> {
    loop {
        tokio::select! {
            received = socket.recv() => match received.transpose()? {
                Some(message @ (Message::Text(_) | Message::Binary(_))) => socket.send(message).await?,
                Some(_) => {}
                None => return Ok(()),
            },
            Some((message, size)) = membership.broadcasts.recv() => {
                socket.send(message).await?;
                membership.member.waiting.fetch_sub(size, Relaxed);
            }
        }
    }
}

async fn serve_publisher(app: App, mut socket: WebSocket) {
    let publishing = async {
        while let Some(Ok(message)) = socket.recv().await {
            if let Message::Text(_) | Message::Binary(_) = message {
                socket.send(app.hub.publish(message).into()).await?;
            }
        }
        Ok::<(), axum::Error>(())
    };
    tokio::select! {
        _ = publishing => {}
        () = app.stopping.cancelled() => say_goodbye(socket).await,
    }
}

async fn say_goodbye(mut socket: WebSocket) {
    let frame = CloseFrame { code: close_code::AWAY, reason: "".into() };
    let _ = timeout(CLOSE_TIMEOUT, async {
        let _ = socket.send(Message::Close(Some(frame))).await;
        while let Some(Ok(_)) = socket.recv().await {}
    })
    .await;
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let port = env::var("C1M_PORT")?;
    let address = SocketAddr::new(env::var("C1M_ADDRESS")?.parse()?, port.parse()?);
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    let listener = socket.listen(env::var("C1M_BACKLOG")?.parse()?)?;
    let mut terminated = signal(SignalKind::terminate())?;

    let app = App::default();
    let router = Router::new().route("/", get(member)).route("/publish", get(publisher)).with_state(app.clone());
    let serving = if let Ok(certificate) = env::var("C1M_TLS_CERT") {
        let tls = RustlsConfig::from_pem_file(certificate, env::var("C1M_TLS_KEY")?).await?;
        let server = axum_server::from_tcp_rustls(listener.into_std()?, tls)?;
        tokio::spawn(server.serve(router.into_make_service()))
    } else {
        let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
        tokio::spawn(axum::serve(listener, router).into_future())
    };
    println!(r#"{{"event":"listening","port":{port},"server":"axum","version":"{VERSION}"}}"#);

    terminated.recv().await;
    serving.abort();
    app.stopping.cancel();
    app.connections.close();
    app.connections.wait().await;
    println!(r#"{{"event":"stopped","port":{port}}}"#);
    Ok(())
}
