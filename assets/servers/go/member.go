package main

import (
	"errors"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

const (
	// Most bytes that may wait for one member.
	waitingLimit = 4 << 20
	// What an echo or a pong takes in the queue beside its data, which may be empty.
	queuedSize = 64
)

var errTooSlow = errors.New("more waits for the member than may")

// member is a connection that receives broadcasts. Its reading goroutine lives as long as it does; a writing one only
// while a broadcast waits to be written, so that an idle member costs one stack and not two.
type member struct {
	// Nil until the upgrade has been answered.
	conn *websocket.Conn

	mu      sync.Mutex
	closed  bool
	writing bool
	waiting int
	queue   []message
	// Closed when writing ends; nil when nobody waits for that.
	idle chan struct{}
}

// message is an echo (data) or a broadcast (prepared, the same for all members).
type message struct {
	kind      int
	data      []byte
	prepared  *websocket.PreparedMessage
	size      int
	broadcast *broadcast
}

// newMember counts as writing, since its 101 is: what is published before that waits until begin.
func newMember() *member {
	return &member{writing: true}
}

// begin is called once, when the 101 has been written.
func (m *member) begin(conn *websocket.Conn) {
	conn.SetPingHandler(m.answerPing)
	conn.SetCloseHandler(m.answerClose)
	m.mu.Lock()
	m.conn = conn
	if m.closed {
		conn.Close()
	}
	waits := len(m.queue) > 0
	m.writing = waits
	m.mu.Unlock()
	if waits {
		go m.write()
	}
}

// answerPing answers as an echo does: gorilla's own pong would be dropped when something waits for more than a second.
func (m *member) answerPing(data string) error {
	m.echo(websocket.PongMessage, []byte(data))
	return nil
}

// answerClose answers behind what waits, which gorilla's own close would overtake.
func (m *member) answerClose(code int, _ string) error {
	m.flush()
	sendClose(m.conn, code, time.Now().Add(sendTimeout))
	return nil
}

// echo writes a message in the reading goroutine, so that a client that does not read what it gets is not read from.
func (m *member) echo(kind int, data []byte) {
	m.mu.Lock()
	if m.closed {
		m.mu.Unlock()
		return
	}
	mine := m.push(message{kind: kind, data: data, size: len(data) + queuedSize})
	behind := m.waiting > messageLimit
	m.mu.Unlock()
	if mine {
		m.write()
	} else if behind {
		m.flush()
	}
}

// flush returns when nothing waits to be written.
func (m *member) flush() {
	m.mu.Lock()
	if !m.writing {
		m.mu.Unlock()
		return
	}
	if m.idle == nil {
		m.idle = make(chan struct{})
	}
	idle := m.idle
	m.mu.Unlock()
	<-idle
}

// broadcast queues a message for a member that can take it, and cuts off one that cannot.
func (m *member) broadcast(prepared *websocket.PreparedMessage, size int, b *broadcast) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.closed && m.waiting+size > waitingLimit {
		m.close()
	}
	if m.closed {
		b.done(errTooSlow)
		return
	}
	if m.push(message{prepared: prepared, size: size, broadcast: b}) {
		go m.write()
	}
}

// push queues a message, and tells whether it is for the caller to write the queue.
func (m *member) push(msg message) bool {
	m.queue = append(m.queue, msg)
	m.waiting += msg.size
	mine := !m.writing
	m.writing = true
	return mine
}

// write sends what waits until nothing does.
func (m *member) write() {
	for {
		m.mu.Lock()
		if len(m.queue) == 0 {
			m.queue = nil
			m.writing = false
			if m.idle != nil {
				close(m.idle)
				m.idle = nil
			}
			m.mu.Unlock()
			return
		}
		msg := m.queue[0]
		m.queue[0] = message{}
		m.queue = m.queue[1:]
		m.mu.Unlock()

		err := msg.send(m.conn)

		m.mu.Lock()
		m.waiting -= msg.size
		// When this side has said its close, the client may still be sending: it is read until it has answered.
		if err != nil && !errors.Is(err, websocket.ErrCloseSent) {
			m.close()
		}
		m.mu.Unlock()
		if msg.broadcast != nil {
			msg.broadcast.done(err)
		}
	}
}

// close ends the connection, which ends its reading goroutine; m.mu is held.
func (m *member) close() {
	m.discard()
	if m.conn != nil {
		m.conn.Close()
	}
}

// finish gives up what waits when the connection has ended by itself.
func (m *member) finish() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.discard()
}

func (m *member) discard() {
	m.closed = true
	for _, msg := range m.queue {
		if msg.broadcast != nil {
			msg.broadcast.done(errTooSlow)
		}
	}
	m.queue = nil
}
