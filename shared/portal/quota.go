package portal

// The highest values of the limits that an organisation sets. What an organisation has is counted by reading it: more than this cannot be
// counted while a client waits.
const (
	MostKeysPerDeveloper = 1_000_000
	mostOpenRequests     = 100_000
	mostDevelopers       = 200_000
)

// limits are the settings that bound what there may be of something, with their highest values. 0 is no limit in each of them.
var limits = []struct {
	name    string
	highest int
}{
	{"max_keys_per_developer", MostKeysPerDeveloper},
	{"max_open_requests", mostOpenRequests},
	{"max_developers", mostDevelopers},
}

// KeysPerDeveloper is how many keys and open requests a developer may have; 0: any number. As all limits, it is the default where the
// organisation has no configuration.
func (c *Configuration) KeysPerDeveloper() int { return c.limit("max_keys_per_developer") }

// MaxOpenRequests is how many open requests the organisation may have; 0: any number.
func (c *Configuration) MaxOpenRequests() int { return c.limit("max_open_requests") }

// MaxDevelopers is how many developers the organisation may have; 0: any number.
func (c *Configuration) MaxDevelopers() int { return c.limit("max_developers") }

func (c *Configuration) limit(name string) int {
	if c.document == "" {
		return configurationShape.getInt(name)
	}
	return takeApart(string(c.document)).getInt(name)
}

func validLimits(d document) error {
	for _, limit := range limits {
		if n := d.getInt(limit.name); n < 0 || n > limit.highest {
			return Refuse(Invalid, "%s: must be from 0 to %d, 0 for no limit, got %d.", limit.name, limit.highest, n)
		}
	}
	return nil
}
