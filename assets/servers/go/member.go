package main

import (
	"errors"
	"sync"

	"github.com/gorilla/websocket"
)

// Most bytes that may wait for one member.
const waitingLimit = 4 << 20

var errTooSlow = errors.New("more waits for the member than may")

// member is a connection that receives broadcasts. Its reading goroutine lives as long as it does; a writing one only
// while something waits to be written, so that an idle member costs one stack and not two.
type member struct {
	conn *websocket.Conn

	mu      sync.Mutex
	closed  bool
	writing bool
	waiting int
	queue   []message
	// Closed when the queue has become short enough to read on; nil when nobody waits for that.
	room chan struct{}
}

// message is an echo (data) or a broadcast (prepared, the same for all members).
type message struct {
	kind      int
	data      []byte
	prepared  *websocket.PreparedMessage
	size      int
	broadcast *broadcast
}

// echo queues a message, and returns when the queue is short enough to read the next: a client that does not read what
// it gets is not read from.
func (m *member) echo(kind int, data []byte) {
	m.mu.Lock()
	if !m.closed {
		m.push(message{kind: kind, data: data, size: len(data)})
	}
	var room chan struct{}
	if m.waiting > messageLimit && !m.closed {
		room = make(chan struct{})
		m.room = room
	}
	m.mu.Unlock()
	if room != nil {
		<-room
	}
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
	m.push(message{prepared: prepared, size: size, broadcast: b})
}

func (m *member) push(msg message) {
	m.queue = append(m.queue, msg)
	m.waiting += msg.size
	if !m.writing {
		m.writing = true
		go m.write()
	}
}

// write sends what waits until nothing does.
func (m *member) write() {
	for {
		m.mu.Lock()
		if len(m.queue) == 0 || m.closed {
			m.queue = nil
			m.writing = false
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
		if err != nil {
			m.close()
		}
		if m.room != nil && m.waiting <= messageLimit {
			close(m.room)
			m.room = nil
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
	m.conn.Close()
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
	if m.room != nil {
		close(m.room)
		m.room = nil
	}
}
