package main

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
)

// broadcast counts what became of one published message.
type broadcast struct {
	began   time.Time
	elapsed time.Duration
	members int
	failed  atomic.Int64
	pending atomic.Int64
	// Closed when the last send is done.
	finished chan struct{}
}

// newBroadcast waits for as many sends as there are members, and for one done(nil) of the sender itself.
func newBroadcast(members int) *broadcast {
	b := &broadcast{began: time.Now(), members: members, finished: make(chan struct{})}
	b.pending.Store(int64(members) + 1)
	return b
}

func (b *broadcast) done(err error) {
	if err != nil {
		b.failed.Add(1)
	}
	if b.pending.Add(-1) == 0 {
		b.elapsed = time.Since(b.began)
		close(b.finished)
	}
}

// answer tells a publisher what became of its broadcasts, in order, until there are no more.
func answer(conn *websocket.Conn, broadcasts <-chan *broadcast) {
	for b := range broadcasts {
		<-b.finished
		text := fmt.Sprintf("sent %d %d %d", b.members, b.failed.Load(), b.elapsed.Microseconds())
		conn.SetWriteDeadline(time.Now().Add(sendTimeout))
		// An error ends the connection, and with it the broadcasts; these are taken nevertheless.
		if err := conn.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
			conn.Close()
		}
	}
}
