namespace Mantle.ImageBuilder.Running;

/// <summary>How a guest's life ended.</summary>
public enum GuestEnd
{
    /// <summary>It switched itself off.</summary>
    PowerOff,

    /// <summary>It reset itself: a kernel that panics does, and an image whose bytes do not fit its root hash.</summary>
    Reset,
}
