//go:build real

package images

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// layout is an OCI layout: a directory with an image for each platform.
type layout string

type descriptor struct {
	MediaType string   `json:"mediaType"`
	Digest    string   `json:"digest"`
	Platform  platform `json:"platform"`
}

type platform struct {
	OS           string `json:"os"`
	Architecture string `json:"architecture"`
	Variant      string `json:"variant"`
}

func (p platform) String() string {
	return strings.TrimSuffix(p.OS+"/"+p.Architecture+"/"+p.Variant, "/")
}

// image is the configuration of an OCI image.
type image struct {
	platform
	Created time.Time `json:"created"`
	Config  struct {
		User       string
		Entrypoint []string
		Cmd        []string
		Volumes    map[string]any
		Labels     map[string]string
	} `json:"config"`
}

// read reads the JSON of a blob.
func (l layout) read(t *testing.T, digest string, into any) {
	t.Helper()
	require.NoError(t, json.Unmarshal(l.blob(t, digest), into))
}

func (l layout) blob(t *testing.T, digest string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(string(l), "blobs", strings.Replace(digest, ":", "/", 1)))
	require.NoError(t, err)
	return text
}

// digest returns the digest of the manifest list, which identifies an image in a registry.
func (l layout) digest(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(string(l), "index.json"))
	require.NoError(t, err)
	var index struct{ Manifests []descriptor }
	require.NoError(t, json.Unmarshal(text, &index))
	require.Len(t, index.Manifests, 1)
	require.Equal(t, "application/vnd.oci.image.index.v1+json", index.Manifests[0].MediaType)
	return index.Manifests[0].Digest
}

func (l layout) manifests(t *testing.T) []descriptor {
	t.Helper()
	var list struct{ Manifests []descriptor }
	l.read(t, l.digest(t), &list)
	return list.Manifests
}

// parts are the blobs of the image for one platform.
type parts struct {
	Config descriptor
	Layers []descriptor
}

// image returns the configuration of the image for one platform.
func (l layout) image(t *testing.T, manifest descriptor) image {
	t.Helper()
	var of parts
	l.read(t, manifest.Digest, &of)
	var config image
	l.read(t, of.Config.Digest, &config)
	return config
}

// files returns all files of the image for one platform. Unpacking takes seconds.
func (l layout) files(t *testing.T, manifest descriptor) map[string]file {
	t.Helper()
	var of parts
	l.read(t, manifest.Digest, &of)
	require.Len(t, of.Layers, 1)
	return unpacked(t, l.blob(t, of.Layers[0].Digest))
}

type file struct {
	*tar.Header
	content []byte
}

func unpacked(t *testing.T, layer []byte) map[string]file {
	t.Helper()
	unzipped, err := gzip.NewReader(bytes.NewReader(layer))
	require.NoError(t, err)
	archive := tar.NewReader(unzipped)
	found := map[string]file{}
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return found
		}
		require.NoError(t, err)
		content, err := io.ReadAll(archive)
		require.NoError(t, err)
		found[strings.TrimSuffix(header.Name, "/")] = file{header, content}
	}
}
