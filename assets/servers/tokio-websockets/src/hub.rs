use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_util::sync::CancellationToken;
use tokio_websockets::Message;

/// Most bytes of broadcasts that may wait for one member.
const WAITING_LIMIT: usize = 4 << 20;

/// All members, by the number of their turn.
#[derive(Default)]
pub struct Hub {
    members: Mutex<HashMap<usize, (UnboundedSender<Message>, Arc<Backlog>)>>,
    joined: AtomicUsize,
}

/// What waits for one member.
#[derive(Default)]
pub struct Backlog {
    pub bytes: AtomicUsize,
    /// Cancelled when it is more than may wait.
    pub exceeded: CancellationToken,
}

/// A connection's place among the members, until it is dropped.
pub struct Membership {
    hub: Arc<Hub>,
    id: usize,
    pub backlog: Arc<Backlog>,
    pub broadcasts: UnboundedReceiver<Message>,
}

impl Backlog {
    fn push(&self, message: &Message) -> bool {
        let size = message.as_payload().len();
        let fits = self.bytes.fetch_add(size, Relaxed) + size <= WAITING_LIMIT;
        if !fits {
            self.exceeded.cancel();
        }
        fits
    }
}

impl Hub {
    pub fn join(self: &Arc<Self>) -> Membership {
        let (queue, broadcasts) = unbounded_channel();
        let backlog = Arc::<Backlog>::default();
        let id = self.joined.fetch_add(1, Relaxed);
        self.members.lock().unwrap().insert(id, (queue, backlog.clone()));
        Membership { hub: self.clone(), id, backlog, broadcasts }
    }

    /// Sends to every member, and returns the publisher's answer. A member for which too much waits is cut off.
    pub fn publish(&self, message: &Message) -> String {
        let began = Instant::now();
        let mut members = self.members.lock().unwrap();
        let addressed = members.len();
        // All get the same bytes: a clone counts references.
        members.retain(|_, (queue, backlog)| backlog.push(message) && queue.send(message.clone()).is_ok());
        let failed = addressed - members.len();
        format!("sent {addressed} {failed} {}", began.elapsed().as_micros())
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        self.hub.members.lock().unwrap().remove(&self.id);
    }
}
