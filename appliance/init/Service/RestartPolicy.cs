using Mantle.Init.Configuration;

namespace Mantle.Init.Service;

/// <summary>Decides what follows the service's end.</summary>
/// <param name="mode">When it is started again.</param>
/// <param name="delay">Wait before the first restart, in milliseconds.</param>
/// <param name="onFailure">What the machine does when the service can't be kept alive.</param>
internal sealed class RestartPolicy(RestartMode mode, int delay, MachineEnd onFailure)
{
    /// <summary>An end sooner than this after the start is a quick one, in milliseconds.</summary>
    internal const long Quick = 10_000;

    /// <summary>After so many quick ends in a row the service is beyond help.</summary>
    internal const int QuickEndsAllowed = 8;

    private const int LongestDelay = 60_000;
    private int _quickEnds;

    /// <summary>Judges an end.</summary>
    /// <param name="success">Exit code 0.</param>
    /// <param name="lifetime">Between start and end, in milliseconds.</param>
    /// <returns>A delay in milliseconds before the restart, or the machine's end.</returns>
    internal (int? RestartAfter, MachineEnd? End) Judge(bool success, long lifetime)
    {
        if (mode != RestartMode.Always && success)
        {
            return (null, MachineEnd.PowerOff);
        }

        if (mode == RestartMode.Never)
        {
            return (null, onFailure);
        }

        _quickEnds = lifetime < Quick ? _quickEnds + 1 : 0;
        if (_quickEnds >= QuickEndsAllowed)
        {
            return (null, onFailure);
        }

        int doublings = Math.Max(_quickEnds - 1, 0);
        return ((int)Math.Min((long)delay << doublings, Math.Max(delay, LongestDelay)), null);
    }
}
