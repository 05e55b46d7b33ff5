namespace Mantle.Model.Trainer;

/// <summary>SplitMix64 (Steele, Lea, Flood, 2014): numbers that look random and follow from the seed.</summary>
internal sealed class SequenceOfNumbers(ulong seed)
{
    private ulong _state = seed;

    /// <summary>The next, from -1 up to but not including 1.</summary>
    public float Next()
    {
        unchecked
        {
            _state += 0x9e3779b97f4a7c15;
            ulong mixed = (_state ^ (_state >> 30)) * 0xbf58476d1ce4e5b9;
            mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
            mixed ^= mixed >> 31;
            return ((int)(mixed >> 40) - (1 << 23)) / (float)(1 << 23);
        }
    }
}
