package main

import (
	"time"

	"github.com/gobwas/ws"
	"golang.org/x/sys/unix"
)

const (
	// Longest message in bytes: the least that the lab asks for.
	messageLimit = 1 << 20
	// Most bytes that may wait for one member.
	waitingLimit = 4 << 20
	// Broadcasts of one publisher that may wait for their answer before it is no longer read from.
	unansweredLimit = 1 << 10

	notMember = -1
)

type state uint8

const (
	upgrading state = iota
	open
	// This side has ended the connection, and waits for the client to do so.
	lingering
	closed
)

// conn is a connection; an idle one has no buffer.
type conn struct {
	loop  *loop
	fd    int
	state state
	// The connection's close frame has been sent, or is among what waits.
	saidClose bool
	publisher bool
	// The opcode of the message whose fragments are coming in.
	code       ws.OpCode
	fragmented bool
	interest   uint32
	// Its place in loop.members.
	member   int
	deadline time.Time

	// What was read of an incomplete frame, and the fragments of an incomplete message.
	input   []byte
	message []byte
	// What waits to be written.
	queue   []outgoing
	waiting int
	// The publisher's messages, in order, that have not been answered.
	unanswered []*broadcast
}

// outgoing are bytes to be written: an echo or the like, or the frame of a broadcast, which all members share.
type outgoing struct {
	bytes     []byte
	broadcast *broadcast
}

func (o outgoing) done(sent bool) {
	if o.broadcast != nil {
		o.broadcast.done(sent)
	}
}

// read takes in what has come, once: epoll tells again when there is more.
func (l *loop) read(c *conn) {
	n, err := unix.Read(c.fd, l.buffer)
	if err == unix.EAGAIN || err == unix.EINTR {
		return
	}
	if err != nil || n == 0 {
		l.close(c)
		return
	}
	data := l.buffer[:n]
	if len(c.input) > 0 {
		c.input = append(c.input, data...)
		data = c.input
	}
	rest := l.consume(c, data)
	switch {
	case c.state == closed:
		return
	case len(rest) == 0:
		c.input = nil
	default:
		c.input = append(c.input[:0], rest...)
	}
	l.flush(c)
}

// flush writes what the loop has gathered for a connection.
func (l *loop) flush(c *conn) {
	if len(l.out) > 0 {
		l.send(c, outgoing{bytes: l.out})
		l.out = l.out[:0]
	}
	l.update(c)
}

// send writes as much as the client takes, and keeps the rest for later; a member for which too much waits is cut off.
func (l *loop) send(c *conn, o outgoing) {
	if c.state == closed {
		o.done(false)
		return
	}
	if len(c.queue) == 0 {
		n, err := unix.Write(c.fd, o.bytes)
		if n == len(o.bytes) {
			o.done(true)
			return
		}
		if err != nil && err != unix.EAGAIN && err != unix.EINTR {
			o.done(false)
			l.close(c)
			return
		}
		o.bytes = o.bytes[max(n, 0):]
		l.setDeadline(c, sendTimeout)
	}
	if o.broadcast == nil {
		o.bytes = append([]byte(nil), o.bytes...)
	} else if c.waiting+len(o.bytes) > waitingLimit {
		o.done(false)
		l.close(c)
		return
	}
	c.queue = append(c.queue, o)
	c.waiting += len(o.bytes)
	l.update(c)
}

// drain writes what waits, now that the client takes something again.
func (l *loop) drain(c *conn) {
	for len(c.queue) > 0 {
		next := &c.queue[0]
		n, err := unix.Write(c.fd, next.bytes)
		if err == unix.EAGAIN || err == unix.EINTR {
			break
		}
		if err != nil {
			l.close(c)
			return
		}
		c.waiting -= n
		next.bytes = next.bytes[n:]
		l.setDeadline(c, sendTimeout)
		if len(next.bytes) == 0 {
			next.done(true)
			*next = outgoing{}
			c.queue = c.queue[1:]
		}
	}
	if len(c.queue) == 0 {
		c.queue = nil
		delete(l.timed, c)
		if c.state == lingering {
			l.hangUp(c)
		}
	}
	l.update(c)
}

// update has epoll tell what is wanted of a connection now: a client that does not take what it gets is not read from.
func (l *loop) update(c *conn) {
	if c.state == closed {
		return
	}
	var interest uint32
	if c.state == lingering || (c.waiting <= messageLimit && len(c.unanswered) < unansweredLimit) {
		interest |= unix.EPOLLIN
	}
	if len(c.queue) > 0 {
		interest |= unix.EPOLLOUT
	}
	if interest == c.interest {
		return
	}
	c.interest = interest
	event := unix.EpollEvent{Events: interest, Fd: int32(c.fd)}
	if err := unix.EpollCtl(l.epoll, unix.EPOLL_CTL_MOD, c.fd, &event); err != nil {
		l.close(c)
	}
}

// end says nothing more, and waits for the client to end the connection too: closing at once, with input unread, would
// reset it before the client has seen the last frame.
func (l *loop) end(c *conn) {
	l.leave(c)
	c.state = lingering
	c.input, c.message = nil, nil
	l.flush(c)
	if c.state == lingering && len(c.queue) == 0 {
		l.hangUp(c)
	}
}

func (l *loop) hangUp(c *conn) {
	_ = unix.Shutdown(c.fd, unix.SHUT_WR)
	l.setDeadline(c, lingerTimeout)
}

func (l *loop) close(c *conn) {
	if c.state == closed {
		return
	}
	l.leave(c)
	c.state = closed
	delete(l.conns, int32(c.fd))
	delete(l.timed, c)
	// Closing the descriptor takes it out of epoll as well.
	_ = unix.Close(c.fd)
	for _, o := range c.queue {
		o.done(false)
	}
	c.queue, c.input, c.message = nil, nil, nil
	l.server.open.Done()
}
