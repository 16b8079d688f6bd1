use std::{
    collections::HashMap,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
    sync::{Arc, Mutex},
    time::Instant,
};

use axum::extract::ws::Message;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Most bytes of broadcasts that may wait for one member.
const WAITING_LIMIT: usize = 4 << 20;

/// All members.
#[derive(Default)]
pub struct Hub {
    members: Mutex<HashMap<usize, Arc<Member>>>,
    joined: AtomicUsize,
}

/// What the hub knows of a member.
pub struct Member {
    queue: mpsc::UnboundedSender<(Message, usize)>,
    /// Bytes that are queued or being sent.
    pub waiting: AtomicUsize,
    /// Cancelled when more waits than may.
    pub cut_off: CancellationToken,
}

/// A connection's place among the members, which it leaves when this is dropped.
pub struct Membership {
    hub: Arc<Hub>,
    id: usize,
    pub member: Arc<Member>,
    /// Each with its size, which does not wait any more when it is sent.
    pub broadcasts: mpsc::UnboundedReceiver<(Message, usize)>,
}

impl Hub {
    pub fn join(self: &Arc<Self>) -> Membership {
        let (queue, broadcasts) = mpsc::unbounded_channel();
        let member = Arc::new(Member { queue, waiting: AtomicUsize::new(0), cut_off: CancellationToken::new() });
        let id = self.joined.fetch_add(1, Relaxed);
        self.members.lock().unwrap().insert(id, member.clone());
        Membership { hub: self.clone(), id, member, broadcasts }
    }

    /// Sends to every member, and returns the publisher's answer. A member for which too much waits is cut off.
    pub fn publish(&self, message: Message) -> String {
        let began = Instant::now();
        let size = message.clone().into_data().len();
        let mut members = self.members.lock().unwrap();
        let addressed = members.len();
        members.retain(|_, member| {
            if member.waiting.fetch_add(size, Relaxed) + size > WAITING_LIMIT {
                member.cut_off.cancel();
                return false;
            }
            member.queue.send((message.clone(), size)).is_ok()
        });
        let failed = addressed - members.len();
        format!("sent {addressed} {failed} {}", began.elapsed().as_micros())
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        self.hub.members.lock().unwrap().remove(&self.id);
    }
}
