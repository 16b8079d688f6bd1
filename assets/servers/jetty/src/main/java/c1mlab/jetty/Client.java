package c1mlab.jetty;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.eclipse.jetty.websocket.api.Callback;
import org.eclipse.jetty.websocket.api.Session;

/** A connection. The next message is demanded when the answer to the last has been written: who does not read is not read from. */
public final class Client implements Session.Listener {
    private static final int MAX_WAITING_BYTES = 4 << 20;

    /** What is sent, as text or binary. */
    record Message(int bytes, BiConsumer<Session, Callback> sending) {
        static Message text(String text) {
            return new Message(text.length(), (session, callback) -> session.sendText(text, callback));
        }

        static Message binary(ByteBuffer data) {
            return new Message(data.remaining(), (session, callback) -> session.sendBinary(data.slice(), callback));
        }
    }

    /** What becomes of a message of a client: the answer. */
    interface Receiver {
        Message receive(Message message);
    }

    private final Receiver receiver;
    private final Consumer<Client> left;
    private final AtomicInteger waitingBytes = new AtomicInteger();
    /** Broadcasts until Jetty has opened the session, which it does after the 101 has been sent; null from then on. */
    private List<Message> early = new ArrayList<>(0);
    private volatile Session session;

    Client(Receiver receiver, Consumer<Client> left) {
        this.receiver = receiver;
        this.left = left;
    }

    /** Sends a broadcast, unless too much waits already: then the connection is cut off, and false is returned. */
    synchronized boolean offer(Message message) {
        if (waitingBytes.addAndGet(message.bytes()) > MAX_WAITING_BYTES) {
            if (session != null) {
                session.disconnect();
            }
            return false;
        }
        if (early != null) {
            early.add(message);
        } else {
            write(message);
        }
        return true;
    }

    private void write(Message message) {
        Runnable written = () -> waitingBytes.addAndGet(-message.bytes());
        message.sending().accept(session, Callback.from(written, failure -> written.run()));
    }

    @Override
    public void onWebSocketOpen(Session opened) {
        synchronized (this) {
            session = opened;
            early.forEach(this::write);
            early = null;
        }
        opened.demand();
    }

    @Override
    public void onWebSocketText(String text) {
        answer(Message.text(text));
    }

    @Override
    public void onWebSocketBinary(ByteBuffer payload, Callback callback) {
        var data = ByteBuffer.allocate(payload.remaining()).put(payload).flip();
        callback.succeed();
        answer(Message.binary(data));
    }

    private void answer(Message message) {
        var answered = Callback.from(session::demand, failure -> session.disconnect());
        receiver.receive(message).sending().accept(session, answered);
    }

    @Override
    public void onWebSocketClose(int code, String reason, Callback callback) {
        left.accept(this);
        callback.succeed();
    }
}
