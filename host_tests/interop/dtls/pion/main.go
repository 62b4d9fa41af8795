// Command peer is pion/dtls as an echo server that shouts: peer PORT CID IDENTITY KEY SUITE...
//
// CID is the length of its Connection IDs, with -1 it knows none. It prints what it hears.
package main

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"sync"

	"github.com/pion/dtls/v3"
)

type sessions struct {
	lock sync.Mutex
	kept map[string]dtls.Session
}

func (s *sessions) Set(key []byte, session dtls.Session) error {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.kept[string(key)] = session
	return nil
}

func (s *sessions) Get(key []byte) (dtls.Session, error) {
	s.lock.Lock()
	defer s.lock.Unlock()
	return s.kept[string(key)], nil
}

func (s *sessions) Del(key []byte) error {
	s.lock.Lock()
	defer s.lock.Unlock()
	delete(s.kept, string(key))
	return nil
}

func number(text string) int {
	found, err := strconv.Atoi(text)
	check(err)
	return found
}

func check(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

func shout(conn net.Conn) {
	defer conn.Close()
	buffer := make([]byte, 2048)
	for {
		n, err := conn.Read(buffer)
		if err != nil {
			fmt.Println("ended", err)
			return
		}
		fmt.Println("heard", string(buffer[:n]))
		if _, err = conn.Write(bytes.ToUpper(buffer[:n])); err != nil {
			fmt.Println("ended", err)
			return
		}
	}
}

func main() {
	key, err := hex.DecodeString(os.Args[4])
	check(err)
	suites := []dtls.CipherSuiteID{}
	for _, suite := range os.Args[5:] {
		suites = append(suites, dtls.CipherSuiteID(number(suite)))
	}
	options := []dtls.ServerOption{
		dtls.WithPSK(func(identity []byte) ([]byte, error) {
			if string(identity) != os.Args[3] {
				return nil, errors.New("unknown identity")
			}
			return key, nil
		}),
		dtls.WithCipherSuites(suites...),
		dtls.WithExtendedMasterSecret(dtls.RequireExtendedMasterSecret),
		dtls.WithSessionStore(&sessions{kept: map[string]dtls.Session{}}),
	}
	if cid := number(os.Args[2]); cid >= 0 {
		options = append(options, dtls.WithConnectionIDGenerator(dtls.RandomCIDGenerator(cid)))
	}
	address := &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: number(os.Args[1])}
	listener, err := dtls.ListenWithOptions("udp", address, options...)
	check(err)
	fmt.Println("ACCEPT")
	for {
		conn, err := listener.Accept()
		check(err)
		go shout(conn)
	}
}
