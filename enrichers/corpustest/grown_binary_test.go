//go:build linux

package corpustest

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/bzip2"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/asn1"
	"encoding/binary"
	"encoding/gob"
	"fmt"
	"image"
	_ "image/jpeg"
	_ "image/png"
	"io"
	"math/big"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// binaryFailures are those of archives, images, keys and the like that a job
// was given.
var binaryFailures = []provocation{
	decoding("gzip of something else", "id,price\n1,2\n", func(r io.Reader) error {
		_, err := gzip.NewReader(r)
		return err
	}),
	{"gzip with a wrong checksum", func(t *testing.T) error {
		packed := pack(t, "a long report")
		packed[len(packed)-8] ^= 1
		return unpack(packed)
	}},
	{"gzip cut", func(t *testing.T) error {
		packed := pack(t, "a long report")
		return unpack(packed[:len(packed)-10])
	}},
	decoding("zlib of something else", "id,price", func(r io.Reader) error { _, err := zlib.NewReader(r); return err }),
	decoding("flate damaged", "\xff\xff\xff", func(r io.Reader) error { return drain(flate.NewReader(r)) }),
	decoding("bzip2 of something else", "id,price", func(r io.Reader) error { return drain(bzip2.NewReader(r)) }),
	decoding("tar of something else", string(bytes.Repeat([]byte("x"), 512)), func(r io.Reader) error {
		_, err := tar.NewReader(r).Next()
		return err
	}),
	decoding("zip of something else", "id,price", func(r io.Reader) error {
		_, err := zip.NewReader(r.(io.ReaderAt), 8)
		return err
	}),
	decoding("gob of something else", "\x03\x04\x05\x06\x07", func(r io.Reader) error { return gob.NewDecoder(r).Decode(&order{}) }),
	decoding("record cut", "\x00\x01", func(r io.Reader) error { return binary.Read(r, binary.BigEndian, new(uint64)) }),
	decoding("image of an unknown format", "GIF?", decodeImage),
	decoding("image damaged, png", "\x89PNG\r\n\x1a\nxxxxIHDR", decodeImage),
	decoding("image damaged, jpeg", "\xff\xd8\xff\xc0\x00\x01", decodeImage),
	{"asn.1 syntax", func(*testing.T) error {
		_, err := asn1.Unmarshal([]byte{0x02, 0x02, 0x00, 0x01}, new(int))
		return fmt.Errorf("parse token: %w", err)
	}},
	{"asn.1 cut", func(*testing.T) error {
		_, err := asn1.Unmarshal([]byte{0x02, 0x05, 0x00}, new(int))
		return fmt.Errorf("parse token: %w", err)
	}},
	{"certificate damaged", func(*testing.T) error {
		_, err := x509.ParseCertificate([]byte("certificate"))
		return fmt.Errorf("read certificate: %w", err)
	}},
	{"certificate file of something else", func(*testing.T) error {
		_, err := tls.X509KeyPair([]byte("certificate"), []byte("key"))
		return fmt.Errorf("read certificate: %w", err)
	}},
	{"certificate signed wrongly", func(t *testing.T) error {
		cert, _ := certificate(t, "127.0.0.1", time.Now())
		leaf, err := x509.ParseCertificate(cert.Certificate[0])
		require.NoError(t, err)
		return fmt.Errorf("check upload: %w", leaf.CheckSignature(x509.ECDSAWithSHA256, nil, make([]byte, 64)))
	}},
	{"signature wrong", func(*testing.T) error {
		key := &rsa.PublicKey{N: new(big.Int).Lsh(big.NewInt(1), 2047), E: 65537}
		key.N.SetBit(key.N, 0, 1)
		return fmt.Errorf("check upload: %w", rsa.VerifyPKCS1v15(key, 0, make([]byte, 32), make([]byte, 256)))
	}},
}

// decoding is a job that is given bytes that are not what they should be.
func decoding(name, data string, decode func(io.Reader) error) provocation {
	return provocation{name, func(*testing.T) error {
		return fmt.Errorf("read upload: %w", decode(bytes.NewReader([]byte(data))))
	}}
}

func decodeImage(r io.Reader) error {
	_, _, err := image.Decode(r)
	return err
}

func drain(r io.Reader) error {
	_, err := io.Copy(io.Discard, r)
	return err
}

func pack(t *testing.T, text string) []byte {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, err := io.WriteString(w, text)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return packed.Bytes()
}

func unpack(packed []byte) error {
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return err
	}
	return fmt.Errorf("unpack report: %w", drain(r))
}
