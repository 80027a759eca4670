"""placeholder until the counted backend lands"""
