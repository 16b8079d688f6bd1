package main

import (
	"errors"
	"io"
	"net"
	"time"
	"unicode/utf8"

	"github.com/gorilla/websocket"
)

const (
	// How long one write may take: a client that takes nothing for so long is cut off. It is well above what a starved process takes
	// to come back to a goroutine that it had interrupted between setting the deadline and writing.
	sendTimeout = 30 * time.Second
	// How long what a client sends behind a close is read, so that it gets to see the answer before a reset.
	lingerTimeout = 2 * time.Second
)

var errNotText = errors.New("text that is not UTF-8")

// readMessage adds what gorilla leaves to its user: text must be UTF-8, and a length that cannot be is refused with a close.
func readMessage(conn *websocket.Conn) (int, []byte, error) {
	kind, data, err := conn.ReadMessage()
	if err == nil && kind == websocket.TextMessage && !utf8.Valid(data) {
		err = errNotText
		sendClose(conn, websocket.CloseInvalidFramePayloadData, time.Now().Add(sendTimeout))
	} else if errors.Is(err, websocket.ErrReadLimit) {
		sendClose(conn, websocket.CloseMessageTooBig, time.Now().Add(sendTimeout))
	}
	return kind, data, err
}

func (msg message) send(conn *websocket.Conn) error {
	conn.SetWriteDeadline(time.Now().Add(sendTimeout))
	if msg.prepared != nil {
		return conn.WritePreparedMessage(msg.prepared)
	}
	return conn.WriteMessage(msg.kind, msg.data)
}

func sendClose(conn *websocket.Conn, code int, deadline time.Time) {
	// Whether it arrives is the client's affair: the connection ends in any case.
	_ = conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, ""), deadline)
}

// sendPong answers a ping of a publisher. gorilla's own answer would be dropped when another write takes longer than a second.
func sendPong(conn *websocket.Conn, data string) error {
	err := conn.WriteControl(websocket.PongMessage, []byte(data), time.Now().Add(sendTimeout))
	if errors.Is(err, websocket.ErrCloseSent) {
		return nil
	}
	return err
}

// hangUp closes a connection whose reading has ended with err.
func hangUp(conn *websocket.Conn, err error) {
	defer conn.Close()
	var network net.Error
	if errors.As(err, &network) || websocket.IsCloseError(err, websocket.CloseAbnormalClosure) {
		// It is gone.
		return
	}
	// Ended by a close frame: closing at once, with input unread or still to come, would reset the connection before the
	// client has read what it was sent.
	tcp, ok := conn.NetConn().(*net.TCPConn)
	if !ok || tcp.CloseWrite() != nil || tcp.SetReadDeadline(time.Now().Add(lingerTimeout)) != nil {
		return
	}
	_, _ = io.Copy(io.Discard, tcp)
}
