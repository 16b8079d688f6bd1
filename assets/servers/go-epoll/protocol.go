package main

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"unicode/utf8"

	"github.com/gobwas/ws"
)

const (
	// Longest request for an upgrade.
	upgradeLimit = 16 << 10
	// The last close code of RFC 6455, section 7.4.2; gobwas checks the ranges below it only.
	lastCloseCode = ws.StatusCode(4999)
)

var (
	endOfHeaders   = []byte("\r\n\r\n")
	closeGoingAway = ws.NewCloseFrameBody(ws.StatusGoingAway, "")

	errUnknownPath = ws.RejectConnectionError(ws.RejectionStatus(http.StatusNotFound), ws.RejectionReason("not found"))
)

// consume handles what is complete in data, gathers answers in l.out, and returns the rest.
func (l *loop) consume(c *conn, data []byte) []byte {
	if c.state == upgrading {
		end := bytes.Index(data, endOfHeaders)
		if end < 0 {
			if len(data) > upgradeLimit {
				l.end(c)
			}
			return data
		}
		end += len(endOfHeaders)
		l.upgrade(c, data[:end])
		data = data[end:]
	}
	for c.state == open && len(data) > 0 {
		l.reader.Reset(data)
		header, err := ws.ReadHeaderBuffer(&l.reader, l.header[:])
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return data
		}
		if err != nil {
			l.refuse(c, ws.StatusProtocolError)
			break
		}
		begin := len(data) - l.reader.Len()
		code := c.check(header)
		if code == 0 && begin != ws.HeaderSize(header) {
			// RFC 6455, section 5.2: a length is written in as few bytes as it takes.
			code = ws.StatusProtocolError
		}
		if code != 0 {
			l.refuse(c, code)
			break
		}
		size := begin + int(header.Length)
		if len(data) < size {
			return data
		}
		payload := data[begin:size]
		ws.Cipher(payload, header.Mask, 0)
		if header.OpCode.IsControl() {
			l.handleControl(c, header.OpCode, payload)
		} else {
			l.handleData(c, header, payload)
		}
		data = data[size:]
	}
	if c.state != open {
		return nil
	}
	return data
}

// check returns the code with which to refuse a frame, or 0.
func (c *conn) check(header ws.Header) ws.StatusCode {
	state := ws.StateServerSide
	if c.fragmented {
		state = state.Set(ws.StateFragmented)
	}
	if ws.CheckHeader(header, state) != nil {
		return ws.StatusProtocolError
	}
	if header.Length > messageLimit || (header.OpCode.IsData() && header.Length+int64(len(c.message)) > messageLimit) {
		return ws.StatusMessageTooBig
	}
	return 0
}

func (l *loop) upgrade(c *conn, request []byte) {
	var response bytes.Buffer
	upgrader := ws.Upgrader{
		OnRequest: func(uri []byte) error {
			path, _, _ := bytes.Cut(uri, []byte("?"))
			c.publisher = string(path) == "/publish"
			if !c.publisher && string(path) != "/" {
				return errUnknownPath
			}
			return nil
		},
	}
	_, err := upgrader.Upgrade(struct {
		io.Reader
		io.Writer
	}{bytes.NewReader(request), &response})
	l.out = append(l.out, response.Bytes()...)
	if err != nil {
		l.end(c)
		return
	}
	c.state = open
	delete(l.timed, c)
	if !c.publisher {
		l.join(c)
	}
}

func (l *loop) handleControl(c *conn, code ws.OpCode, payload []byte) {
	switch code {
	case ws.OpPing:
		if !c.saidClose {
			l.gather(ws.OpPong, payload)
		}
	case ws.OpClose:
		status, reason := ws.ParseCloseFrameData(payload)
		if len(payload) > 0 {
			if err := ws.CheckCloseFrameData(status, reason); err == ws.ErrProtocolInvalidUTF8 {
				l.refuse(c, ws.StatusInvalidFramePayloadData)
				return
			} else if err != nil || status > lastCloseCode {
				l.refuse(c, ws.StatusProtocolError)
				return
			}
			payload = payload[:2]
		}
		l.sayClose(c, payload)
		l.end(c)
	}
}

func (l *loop) handleData(c *conn, header ws.Header, payload []byte) {
	if header.OpCode != ws.OpContinuation {
		c.code = header.OpCode
	}
	c.fragmented = !header.Fin
	if !header.Fin {
		c.message = append(c.message, payload...)
		return
	}
	if c.message != nil {
		payload = append(c.message, payload...)
		c.message = nil
	}
	switch {
	case c.saidClose:
	case c.code == ws.OpText && !utf8.Valid(payload):
		l.refuse(c, ws.StatusInvalidFramePayloadData)
	case c.publisher:
		l.server.publish(c, c.code, payload)
	default:
		l.gather(c.code, payload)
	}
}

// gather adds a frame to what is written next.
func (l *loop) gather(code ws.OpCode, payload []byte) {
	buffer := bytes.NewBuffer(l.out)
	// A buffer takes everything: there can be no error.
	_ = ws.WriteFrame(buffer, ws.NewFrame(code, true, payload))
	l.out = buffer.Bytes()
}

// sayClose gathers the one close frame of this side.
func (l *loop) sayClose(c *conn, body []byte) {
	if c.saidClose {
		return
	}
	c.saidClose = true
	l.leave(c)
	l.gather(ws.OpClose, body)
}

// refuse ends a connection whose client has broken the protocol.
func (l *loop) refuse(c *conn, code ws.StatusCode) {
	l.sayClose(c, ws.NewCloseFrameBody(code, ""))
	l.end(c)
}
