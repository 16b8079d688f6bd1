package main

import (
	"bytes"
	"log"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

const (
	readBufferSize = 64 << 10
	// How long a client may take to ask for its upgrade.
	upgradeTimeout = time.Minute
	// How long something may wait for a client that takes nothing.
	sendTimeout = 10 * time.Second
	// How long a connection that this side has ended is read, so that the client gets to see the close before a reset.
	lingerTimeout = 2 * time.Second
	// How long clients get to answer the close when the server stops.
	closeTimeout = 5 * time.Second
	// How often deadlines are looked at.
	tick = time.Second
)

// loop is one epoll instance and the goroutine that waits on it. Everything of a connection happens in its loop, so that
// connections need no locks; what comes from elsewhere is posted.
type loop struct {
	server *server
	epoll  int
	wake   int
	conns  map[int32]*conn
	// The connections on `/`, each of which knows its place here.
	members []*conn
	// The connections with a deadline.
	timed    map[*conn]struct{}
	now      time.Time
	stopping bool

	// Shared by all connections of the loop: what was just read, what is to be written next, and the parser's.
	buffer []byte
	out    []byte
	reader bytes.Reader
	header [16]byte

	mu     sync.Mutex
	posted []func()
}

func newLoop(s *server) (*loop, error) {
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, err
	}
	wake, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		return nil, err
	}
	l := &loop{
		server: s,
		epoll:  epoll,
		wake:   wake,
		conns:  make(map[int32]*conn),
		timed:  make(map[*conn]struct{}),
		buffer: make([]byte, readBufferSize),
	}
	return l, unix.EpollCtl(epoll, unix.EPOLL_CTL_ADD, wake, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(wake)})
}

// post has f called in the loop.
func (l *loop) post(f func()) {
	l.mu.Lock()
	first := len(l.posted) == 0
	l.posted = append(l.posted, f)
	l.mu.Unlock()
	if first {
		// It can only fail when the counter is full, and then the loop is awake anyway.
		_, _ = unix.Write(l.wake, []byte{1, 0, 0, 0, 0, 0, 0, 0})
	}
}

func (l *loop) run() {
	events := make([]unix.EpollEvent, 1024)
	swept := time.Now()
	for {
		timeout := -1
		if len(l.timed) > 0 {
			timeout = int(tick.Milliseconds())
		}
		n, err := unix.EpollWait(l.epoll, events, timeout)
		if err != nil && err != unix.EINTR {
			log.Fatalf("epoll_wait: %v", err)
		}
		l.now = time.Now()
		for _, event := range events[:max(n, 0)] {
			if event.Fd == int32(l.wake) {
				l.runPosted()
			} else if c := l.conns[event.Fd]; c != nil {
				l.serve(c, event.Events)
			}
		}
		if l.now.Sub(swept) >= tick {
			swept = l.now
			l.sweep()
		}
	}
}

func (l *loop) runPosted() {
	var counter [8]byte
	_, _ = unix.Read(l.wake, counter[:])
	l.mu.Lock()
	posted := l.posted
	l.posted = nil
	l.mu.Unlock()
	for _, f := range posted {
		f()
	}
}

func (l *loop) serve(c *conn, events uint32) {
	if events&unix.EPOLLOUT != 0 {
		l.drain(c)
	}
	if c.state == closed {
		return
	}
	if events&unix.EPOLLIN != 0 {
		l.read(c)
	} else if events&(unix.EPOLLERR|unix.EPOLLHUP) != 0 {
		l.close(c)
	}
}

// sweep ends the connections whose deadline has passed.
func (l *loop) sweep() {
	for c := range l.timed {
		if l.now.After(c.deadline) {
			l.close(c)
		}
	}
}

// add takes in an accepted socket.
func (l *loop) add(fd int) {
	c := &conn{loop: l, fd: fd, interest: unix.EPOLLIN, member: notMember}
	event := unix.EpollEvent{Events: c.interest, Fd: int32(fd)}
	if err := unix.EpollCtl(l.epoll, unix.EPOLL_CTL_ADD, fd, &event); err != nil || l.stopping {
		_ = unix.Close(fd)
		l.server.open.Done()
		return
	}
	l.conns[int32(fd)] = c
	l.setDeadline(c, upgradeTimeout)
}

func (l *loop) setDeadline(c *conn, timeout time.Duration) {
	c.deadline = l.now.Add(timeout)
	l.timed[c] = struct{}{}
}

func (l *loop) join(c *conn) {
	c.member = len(l.members)
	l.members = append(l.members, c)
}

func (l *loop) leave(c *conn) {
	if c.member == notMember {
		return
	}
	last := len(l.members) - 1
	moved := l.members[last]
	l.members[c.member] = moved
	moved.member = c.member
	l.members[last] = nil
	l.members = l.members[:last]
	c.member = notMember
}

// deliver sends a broadcast to the members of this loop.
func (l *loop) deliver(b *broadcast) {
	b.members.Add(int64(len(l.members)))
	b.pending.Add(int64(len(l.members)))
	// From the end, since a member that is cut off is replaced by the last one.
	for i := len(l.members) - 1; i >= 0; i-- {
		l.send(l.members[i], outgoing{bytes: b.frame, broadcast: b})
	}
	b.done(true)
}

// answer tells a publisher what became of its messages, in the order of the messages.
func (l *loop) answer(publisher *conn) {
	for len(publisher.unanswered) > 0 && publisher.unanswered[0].answer != nil {
		l.out = append(l.out, publisher.unanswered[0].answer...)
		publisher.unanswered = publisher.unanswered[1:]
	}
	l.flush(publisher)
}

// stop begins to close every connection; those that do not answer are cut off when the process ends.
func (l *loop) stop() {
	l.stopping = true
	for _, c := range l.conns {
		if c.state == open {
			l.sayClose(c, closeGoingAway)
			l.flush(c)
		} else {
			l.close(c)
		}
	}
}
