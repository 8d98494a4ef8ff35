// Command cacerts prints the certificates of the authorities that Mozilla trusts, in PEM, for the images. They are those of the Go
// module golang.org/x/crypto/x509roots/fallback at the version in our go.mod, so that every machine builds the same image.
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
		// Mozilla trusts these for some certificates only, such as those made before a day. A PEM file cannot say so.
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
