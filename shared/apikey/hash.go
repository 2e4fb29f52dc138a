package apikey

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/bits"

	"github.com/twmb/murmur3"
)

// algorithm is a hash as a key's "h" names it. A key without one, of the older form, is shown by murmur32.
type algorithm string

const (
	murmur32  algorithm = "murmur32"
	murmur64  algorithm = "murmur64"
	murmur128 algorithm = "murmur128"
	sha2      algorithm = "sha256"
)

// sum hashes as Tyk prints it: lower-case hexadecimal, big-endian, zeros kept.
func (a algorithm) sum(text string) string {
	switch a {
	case murmur64:
		return fmt.Sprintf("%016x", murmur3.StringSum64(text))
	case murmur128:
		high, low := murmur3.StringSum128(text)
		return fmt.Sprintf("%016x%016x", high, low)
	case sha2:
		digest := sha256.Sum256([]byte(text))
		return hex.EncodeToString(digest[:])
	}
	return fmt.Sprintf("%08x", unfinishedMurmur32(text))
}

// unfinishedMurmur32 is what Tyk's library gives for murmur32: the running state after the last whole block, without the
// tail, the length and the final mix of the real one. Millions of keys are known by it, so it stays wrong for ever.
func unfinishedMurmur32(text string) uint32 {
	var h uint32
	for block := []byte(text); len(block) >= 4; block = block[4:] {
		k := binary.LittleEndian.Uint32(block) * 0xcc9e2d51
		h ^= bits.RotateLeft32(k, 15) * 0x1b873593
		h = bits.RotateLeft32(h, 13)*5 + 0xe6546b64
	}
	return h
}
