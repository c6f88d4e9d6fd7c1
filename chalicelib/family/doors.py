"""The slice's doors, on which its files of routes hang."""

from chalicelib.edge.http import Doors

doors = Doors(__name__)
