//! The lab's tokio-websockets server: a task a connection, and a channel for what is broadcast to it.

mod hub;

use std::sync::{Arc, atomic::Ordering::Relaxed};
use std::{env, error::Error, io, io::Cursor, net::SocketAddr, time::Duration};

use bytes::{Bytes, BytesMut};
use futures_util::{SinkExt, StreamExt};
use hub::{Hub, Membership};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, Chain, Join, ReadHalf, WriteHalf, join, split};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::signal::unix::{SignalKind, signal};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use tokio_rustls::{TlsAcceptor, rustls};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tokio_websockets::{CloseCode, Limits, Message, ServerBuilder, WebSocketStream};

/// As in Cargo.toml.
const VERSION: &str = "tokio-websockets 0.13.3";
const REQUEST_LIMIT: usize = 16 << 10;
const MESSAGE_LIMIT: usize = 1 << 20;
/// How long clients get to answer the close when the server stops.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

type Socket<S> = WebSocketStream<Join<Chain<Cursor<Bytes>, ReadHalf<S>>, WriteHalf<S>>>;
type Ended<T = ()> = Result<T, tokio_websockets::Error>;

#[derive(Clone, Default)]
struct App {
    hub: Arc<Hub>,
    stopping: CancellationToken,
    clients: TaskTracker,
}

/// A member joins between its request and the 101, where tokio-websockets' handshake has no place for it. So the request is
/// read before, and the handshake gets it together with the rest of the stream.
async fn serve<S: AsyncRead + AsyncWrite>(app: App, stream: S) -> Ended {
    let (mut reader, mut writer) = split(stream);
    let request = read_request(&mut reader).await?;
    let target = request.split(|byte| *byte == b' ').nth(1).unwrap_or_default();
    let mut membership = match target.split(|byte| *byte == b'?').next() {
        Some(b"/") => Some(app.hub.join()),
        Some(b"/publish") => None,
        _ => return Ok(writer.write_all(b"HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n").await?),
    };
    let server = ServerBuilder::new().limits(Limits::default().max_payload_len(Some(MESSAGE_LIMIT)));
    let (_, mut socket) = server.accept(join(Cursor::new(request).chain(reader), writer)).await?;

    let _client = app.clients.token();
    let exceeded = membership.as_ref().map(|membership| membership.backlog.exceeded.clone()).unwrap_or_default();
    let conversation = async {
        match &mut membership {
            Some(membership) => echo_and_deliver(&mut socket, membership).await,
            None => publish(&mut socket, &app.hub).await,
        }
    };
    tokio::select! {
        ended = conversation => match ended {
            Ok(()) => socket.close().await,
            // tokio-websockets has queued the close frame for what the client did wrong.
            Err(_) => socket.flush().await,
        },
        () = exceeded.cancelled() => Ok(()),
        () = app.stopping.cancelled() => say_goodbye(socket).await,
    }
}

/// Up to the empty line at least, with what the client has sent after it.
async fn read_request(reader: &mut (impl AsyncRead + Unpin)) -> io::Result<Bytes> {
    let mut request = BytesMut::new();
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        if request.len() > REQUEST_LIMIT || reader.read_buf(&mut request).await? == 0 {
            return Err(io::ErrorKind::InvalidData.into());
        }
    }
    Ok(request.freeze())
}

/// One write after the other: a client that does not read what it gets is not read from. Ends with the connection.
async fn echo_and_deliver<S: AsyncRead + AsyncWrite>(socket: &mut Socket<S>, membership: &mut Membership) -> Ended {
    loop {
        tokio::select! {
            message = receive(socket) => match message? {
                Some(message) => socket.send(message).await?,
                None => return Ok(()),
            },
            Some(message) = membership.broadcasts.recv() => {
                let size = message.as_payload().len();
                socket.send(message).await?;
                membership.backlog.bytes.fetch_sub(size, Relaxed);
            }
        }
    }
}

async fn publish<S: AsyncRead + AsyncWrite>(socket: &mut Socket<S>, hub: &Hub) -> Ended {
    while let Some(message) = receive(socket).await? {
        socket.send(Message::text(hub.publish(&message))).await?;
    }
    Ok(())
}

/// The next text or binary message, or none after a close.
async fn receive<S: AsyncRead + AsyncWrite>(socket: &mut Socket<S>) -> Ended<Option<Message>> {
    while let Some(message) = socket.next().await.transpose()? {
        if message.is_text() || message.is_binary() {
            return Ok(Some(message));
        }
        // Pongs wait in a queue that has no bound until they are flushed.
        socket.flush().await?;
    }
    Ok(None)
}

async fn say_goodbye<S: AsyncRead + AsyncWrite>(mut socket: Socket<S>) -> Ended {
    let _ = tokio::time::timeout(CLOSE_TIMEOUT, async {
        socket.send(Message::close(Some(CloseCode::GOING_AWAY), "")).await?;
        socket.close().await
    })
    .await;
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let port = env::var("C1M_PORT")?;
    let address = SocketAddr::new(env::var("C1M_ADDRESS")?.parse()?, port.parse()?);
    let listener = listen(address, env::var("C1M_BACKLOG")?.parse()?)?;
    let tls = env::var("C1M_TLS_CERT").ok().map(|certificate| tls_acceptor(&certificate)).transpose()?;
    let mut terminated = signal(SignalKind::terminate())?;
    println!(r#"{{"event":"listening","port":{port},"server":"tokio-websockets","version":"{VERSION}"}}"#);

    let app = App::default();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => drop(tokio::spawn(secure_and_serve(app.clone(), stream, tls.clone()))),
                Err(error) => eprintln!("{error}"),
            },
            _ = terminated.recv() => break,
        }
    }
    drop(listener);
    app.stopping.cancel();
    app.clients.close();
    app.clients.wait().await;
    println!(r#"{{"event":"stopped","port":{port}}}"#);
    Ok(())
}

/// tokio's `TcpListener::bind` has a backlog of its own.
fn listen(address: SocketAddr, backlog: u32) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(backlog)
}

async fn secure_and_serve(app: App, stream: TcpStream, tls: Option<TlsAcceptor>) -> Ended {
    stream.set_nodelay(true)?;
    match tls {
        Some(tls) => serve(app, tls.accept(stream).await?).await,
        None => serve(app, stream).await,
    }
}

fn tls_acceptor(certificate: &str) -> Result<TlsAcceptor, Box<dyn Error>> {
    let chain = CertificateDer::pem_file_iter(certificate)?.collect::<Result<_, _>>()?;
    let key = PrivateKeyDer::from_pem_file(env::var("C1M_TLS_KEY")?)?;
    let config = rustls::ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}
