module c1mlab/server

go 1.24.0

toolchain go1.26.8

require github.com/gorilla/websocket v1.5.3
