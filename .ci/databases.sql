-- One database for each house: they share a server here, and no table.
CREATE DATABASE portal;
CREATE DATABASE provider;
CREATE DATABASE wallet;
