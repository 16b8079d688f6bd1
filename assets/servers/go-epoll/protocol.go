package main

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
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
	endOfLine      = []byte("\r\n")
	endOfHeaders   = []byte("\r\n\r\n")
	keyHeader      = []byte("Sec-WebSocket-Key")
	closeGoingAway = ws.NewCloseFrameBody(ws.StatusGoingAway, "")

	errTwoHosts = ws.RejectConnectionError(ws.RejectionStatus(http.StatusBadRequest), ws.RejectionReason("more than one Host"))
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
	// gobwas would ask for the path of a GET only, and refuse all else with 405.
	switch path, ok := pathOf(request); {
	case !ok:
		l.refuseRequest(c, http.StatusBadRequest)
		return
	case string(path) == "/publish":
		c.publisher = true
	case string(path) != "/":
		l.refuseRequest(c, http.StatusNotFound)
		return
	}
	var response bytes.Buffer
	var hosts int
	upgrader := ws.Upgrader{
		OnHost: func([]byte) error {
			if hosts++; hosts > 1 {
				return errTwoHosts
			}
			return nil
		},
		OnBeforeUpgrade: func() (ws.HandshakeHeader, error) {
			if !hasGoodKey(request) {
				return nil, ws.ErrHandshakeBadSecKey
			}
			return nil, nil
		},
	}
	_, err := upgrader.Upgrade(struct {
		io.Reader
		io.Writer
	}{bytes.NewReader(request), &response})
	if err == ws.ErrHandshakeUpgradeRequired {
		l.refuseRequest(c, http.StatusUpgradeRequired)
		return
	}
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

func (l *loop) refuseRequest(c *conn, status int) {
	const answer = "HTTP/1.1 %d %s\r\n%sConnection: close\r\nContent-Length: 0\r\n\r\n"
	protocol := ""
	if status == http.StatusUpgradeRequired {
		// gobwas names the version and not the protocol.
		protocol = "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
	}
	l.out = fmt.Appendf(l.out, answer, status, http.StatusText(status), protocol)
	l.end(c)
}

// pathOf returns the path of a request's target, which may be a whole URI.
func pathOf(request []byte) (path []byte, ok bool) {
	line, _, _ := bytes.Cut(request, endOfLine)
	_, rest, _ := bytes.Cut(line, []byte(" "))
	target, _, ok := bytes.Cut(rest, []byte(" "))
	path, _, _ = bytes.Cut(target, []byte("?"))
	if scheme, rest, found := bytes.Cut(path, []byte("://")); found && isHTTP(scheme) {
		path = rest[max(bytes.IndexByte(rest, '/'), 0):]
	}
	return path, ok
}

func isHTTP(scheme []byte) bool {
	return bytes.EqualFold(scheme, []byte("http")) || bytes.EqualFold(scheme, []byte("https"))
}

// hasGoodKey tells whether there is one Sec-WebSocket-Key, of 16 bytes: gobwas looks at no more than its length.
func hasGoodKey(request []byte) bool {
	keys, good := 0, 0
	for line := range bytes.SplitSeq(request, endOfLine) {
		name, value, _ := bytes.Cut(line, []byte(":"))
		if !bytes.EqualFold(name, keyHeader) {
			continue
		}
		keys++
		var key [18]byte
		value = bytes.TrimSpace(value)
		if base64.StdEncoding.DecodedLen(len(value)) != len(key) {
			continue
		}
		if n, err := base64.StdEncoding.Decode(key[:], value); err == nil && n == 16 {
			good++
		}
	}
	return keys == 1 && good == 1
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
