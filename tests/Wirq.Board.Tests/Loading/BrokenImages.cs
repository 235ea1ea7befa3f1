using Wirq.Board.Loading;

namespace Wirq.Board.Tests.Loading;

/// <summary>Images with bytes that chance has chosen.</summary>
internal static class BrokenImages
{
    private const int Rounds = 20_000;

    /// <summary>Reads many of them. Each may be refused; nothing else may be thrown.</summary>
    /// <param name="seed">The seed of chance, which a failure tells.</param>
    /// <param name="make">Makes one.</param>
    /// <param name="read">Reads it.</param>
    internal static void Read(int seed, Func<Random, byte[]> make, Action<byte[]> read)
    {
        var random = new Random(seed);
        for (int round = 0; round < Rounds; round++)
        {
            byte[] bytes = make(random);
            try
            {
                read(bytes);
            }
            catch (ImageException)
            {
            }
            catch (Exception other)
            {
                Assert.Fail($"seed {seed}, round {round}: {other}");
            }
        }
    }
}
