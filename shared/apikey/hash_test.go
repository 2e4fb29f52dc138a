package apikey

import (
	"encoding/json"
	"os"
	"testing"
)

func TestSum(t *testing.T) {
	text, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors struct {
		Hashes []struct {
			Text, Hash string
			Algorithm  algorithm
		}
	}
	if err := json.Unmarshal(text, &vectors); err != nil {
		t.Fatal(err)
	}
	used := map[algorithm]bool{}
	for _, v := range vectors.Hashes {
		used[v.Algorithm] = true
		if got := v.Algorithm.sum(v.Text); got != v.Hash {
			t.Errorf("%s of %q = %s, want %s", v.Algorithm, v.Text, got, v.Hash)
		}
	}
	for _, a := range []algorithm{murmur32, murmur64, murmur128, sha2} {
		if !used[a] {
			t.Errorf("no vector for %s", a)
		}
	}
}
