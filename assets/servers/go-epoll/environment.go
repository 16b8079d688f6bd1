package main

import (
	"fmt"
	"net/netip"
	"strconv"
)

type environment struct {
	address netip.Addr
	port    int
	backlog int
}

func readEnvironment(get func(string) string) (environment, error) {
	env := environment{address: netip.IPv4Unspecified(), backlog: 65535}
	port, err := strconv.ParseUint(get("C1M_PORT"), 10, 16)
	if err != nil || port == 0 {
		return env, fmt.Errorf("C1M_PORT must be a whole number from 1 to 65535, got %q", get("C1M_PORT"))
	}
	env.port = int(port)
	if text := get("C1M_ADDRESS"); text != "" {
		if env.address, err = netip.ParseAddr(text); err != nil || env.address.Zone() != "" {
			return env, fmt.Errorf("C1M_ADDRESS must be an IP address, got %q", text)
		}
	}
	if text := get("C1M_BACKLOG"); text != "" {
		backlog, err := strconv.ParseUint(text, 10, 31)
		if err != nil || backlog == 0 {
			return env, fmt.Errorf("C1M_BACKLOG must be a whole number from 1 to 2147483647, got %q", text)
		}
		env.backlog = int(backlog)
	}
	return env, nil
}
