def lambda(
