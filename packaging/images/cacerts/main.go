// Command cacerts prints the CA certificates that Mozilla trusts, in PEM, for the images. They come from the Go module
// golang.org/x/crypto/x509roots/fallback at the version in our go.mod, so that every machine builds the same image.
package main

import (
	"bufio"
	"encoding/pem"
	"log"
	"os"

	"golang.org/x/crypto/x509roots/fallback/bundle"
)

func main() {
	log.SetFlags(0)
	out := bufio.NewWriter(os.Stdout)
	for root := range bundle.Roots() {
		// Mozilla trusts these only for some certificates, such as those issued before a date. A PEM file cannot express that.
		if root.Constraint != nil {
			continue
		}
		if err := pem.Encode(out, &pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate}); err != nil {
			log.Fatal("cacerts: ", err)
		}
	}
	if err := out.Flush(); err != nil {
		log.Fatal("cacerts: ", err)
	}
}
