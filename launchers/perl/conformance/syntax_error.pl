sub lambda { return ( }
