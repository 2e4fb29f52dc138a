package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/url"
)

// bridge is the address under which a container reaches what listens on this machine's loopback, until ctx is done. To a
// container 127.0.0.1 is itself (SAM's --docker-network host changes nothing about that). On Linux a forwarder listens on the
// containers' bridge, where only they reach it; Docker Desktop has a name for the machine that it runs on.
func bridge(ctx context.Context, endpoint string) (string, error) {
	at, err := url.Parse(endpoint)
	if err != nil || at.Port() == "" {
		return "", fmt.Errorf("%q is not the address of DynamoDB Local or moto: run this through make", endpoint)
	}
	gateway, found := bridgeAddress()
	if !found {
		at.Host = net.JoinHostPort("host.docker.internal", at.Port())
		return at.String(), nil
	}
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", net.JoinHostPort(gateway, "0"))
	if err != nil {
		return "", fmt.Errorf("listen on Docker's bridge: %w", err)
	}
	context.AfterFunc(ctx, func() { _ = listener.Close() })
	go forward(ctx, listener, at.Host)
	at.Host = listener.Addr().String()
	return at.String(), nil
}

// bridgeAddress is this machine's own on the bridge that Docker makes for containers.
func bridgeAddress() (string, bool) {
	docker0, err := net.InterfaceByName("docker0")
	if err != nil {
		return "", false
	}
	addresses, err := docker0.Addrs()
	if err != nil {
		return "", false
	}
	for _, address := range addresses {
		if network, ok := address.(*net.IPNet); ok && network.IP.To4() != nil {
			return network.IP.String(), true
		}
	}
	return "", false
}

// forward joins every connection with one of its own to the target, until the listener is closed.
func forward(ctx context.Context, listener net.Listener, target string) {
	for {
		near, err := listener.Accept()
		if err != nil {
			return
		}
		go func() {
			defer func() { _ = near.Close() }()
			var dialer net.Dialer
			far, err := dialer.DialContext(ctx, "tcp", target)
			if err != nil {
				return // the function sees its connection close, and reports that
			}
			defer func() { _ = far.Close() }()
			ended := make(chan struct{}, 2)
			for _, way := range [][2]net.Conn{{near, far}, {far, near}} {
				go func() {
					_, _ = io.Copy(way[0], way[1]) // either side may go at any time
					ended <- struct{}{}
				}()
			}
			<-ended // HTTP needs no half of a connection
		}()
	}
}
