package c1mlab.helidon;

import io.helidon.common.buffers.BufferData;
import io.helidon.http.Headers;
import io.helidon.http.HttpPrologue;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.websocket.WsCloseCodes;
import io.helidon.websocket.WsListenerBase;
import io.helidon.websocket.WsSession;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.function.UnaryOperator;

/** A connection, whose thread answers a message before it reads the next: a client that does not read is not read from. */
final class Client extends WsListenerBase {
    private static final int MAX_MESSAGE_BYTES = 1 << 20;
    private static final int MAX_WAITING_BYTES = 4 << 20;
    /** What a fragment counts at least. */
    private static final int FRAGMENT_BYTES = 16;

    /** A text or, where that is null, a binary message. */
    record Message(String text, byte[] data) {
        int bytes() {
            return text == null ? data.length : text.length();
        }

        void send(WsSession session) {
            if (text == null) {
                session.send(BufferData.create(data), true);
            } else {
                session.send(text, true);
            }
        }
    }

    private final Set<Client> clients;
    private final UnaryOperator<Message> answer;
    private final Queue<Message> waiting = new ArrayDeque<>(0);
    private int waitingBytes;
    private int receivedBytes;
    private Thread reader;
    private Thread writer;
    private volatile WsSession session;

    Client(Set<Client> clients, UnaryOperator<Message> answer) {
        this.clients = clients;
        this.answer = answer;
    }

    /** Joins before the 101 is sent, on the connection's thread. */
    @Override
    public Optional<Headers> onHttpUpgrade(HttpPrologue prologue, Headers headers) {
        reader = Thread.currentThread();
        clients.add(this);
        return Optional.empty();
    }

    /** Helidon tells a listener of a close frame, and of no other end of a connection; but its thread ends with it. */
    boolean isConnected() {
        return reader.isAlive();
    }

    @Override
    public synchronized void onOpen(WsSession opened) {
        session = opened;
        startWriter();
    }

    @Override
    public void onMessage(WsSession session, String part, boolean last) {
        receive(part.length(), last);
        textString(session, part, last, text -> answer.apply(new Message(text, null)).send(session));
    }

    @Override
    public void onMessage(WsSession session, BufferData part, boolean last) {
        receive(part.available(), last);
        binaryByteArray(session, part, last, data -> answer.apply(new Message(null, data)).send(session));
    }

    /** Helidon bounds frames and not messages, and keeps each fragment until the last: one that is empty costs memory, too. */
    private void receive(int bytes, boolean last) {
        receivedBytes += Math.max(bytes, FRAGMENT_BYTES);
        if (receivedBytes > MAX_MESSAGE_BYTES) {
            session.close(WsCloseCodes.TOO_BIG, "");
            throw new CloseConnectionException("A message of more than " + MAX_MESSAGE_BYTES);
        }
        receivedBytes = last ? 0 : receivedBytes;
    }

    @Override
    public void onPing(WsSession session, BufferData payload) {
        session.pong(payload);
    }

    /** Leaves a broadcast to the client's writer, unless too much waits already: then the connection is cut off. */
    synchronized boolean offer(Message message) {
        waitingBytes += message.bytes();
        if (waitingBytes > MAX_WAITING_BYTES) {
            // A thread that is interrupted while it reads or writes closes the channel.
            reader.interrupt();
            if (writer != null) {
                writer.interrupt();
            }
            return false;
        }
        waiting.add(message);
        startWriter();
        return true;
    }

    private void startWriter() {
        if (session != null && writer == null && !waiting.isEmpty()) {
            writer = Thread.startVirtualThread(this::write);
        }
    }

    /** Lives while something waits. */
    private void write() {
        try {
            for (var message = next(0); message != null; message = next(message.bytes())) {
                message.send(session);
            }
        } catch (RuntimeException gone) {
            // The reader ends as well.
        }
    }

    private synchronized Message next(int writtenBytes) {
        waitingBytes -= writtenBytes;
        if (waiting.isEmpty()) {
            writer = null;
        }
        return waiting.poll();
    }

    void close() {
        if (session != null) {
            Thread.startVirtualThread(() -> session.close(WsCloseCodes.GOING_AWAY, ""));
        }
    }
}
