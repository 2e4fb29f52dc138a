package portal

// MostKeysPerDeveloper is the highest max_keys_per_developer that can be set.
const MostKeysPerDeveloper = 1_000_000

// KeysPerDeveloper is how many keys and open requests a developer may have; 0: any number. It is the default where the organisation has no
// configuration.
func (c *Configuration) KeysPerDeveloper() int {
	d := configurationShape
	if c.document != "" {
		d = takeApart(string(c.document))
	}
	return d.getInt("max_keys_per_developer")
}

func validKeysPerDeveloper(d document) error {
	if n := d.getInt("max_keys_per_developer"); n < 0 || n > MostKeysPerDeveloper {
		return Refuse(Invalid, "max_keys_per_developer: must be from 0 to %d, 0 for no limit, got %d.", MostKeysPerDeveloper, n)
	}
	return nil
}
